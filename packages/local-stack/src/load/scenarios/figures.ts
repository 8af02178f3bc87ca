import { isTraffic } from '../../backend-status.ts';
import { type Family, histogramQuantile, parsePrometheusText, samplesOf, sumOf } from '../../prometheus-text.ts';
import type { RunningSystem } from '../../running-system.ts';
import { duration, table } from '../../table.ts';

const READ = ['api-gateway', 'payments', 'profile'] as const;
type Page = Map<string, Family>;
type Pages = Record<(typeof READ)[number], Page>;

/** What the services say of themselves now; a service that says nothing has an empty page. */
export async function readPages({ services }: RunningSystem): Promise<Pages> {
  const pages = await Promise.all(
    READ.map(async (name) => {
      const page = await fetch(`${services[name].url}/metrics`, { signal: AbortSignal.timeout(5_000) })
        .then(async (response) => (response.ok ? parsePrometheusText(await response.text()) : new Map()))
        .catch(() => new Map());
      return [name, page] as const;
    }),
  );
  return Object.fromEntries(pages) as Pages;
}

/** One row for each part of a story, of what was counted between two readings. */
export function figuresOf(parts: ReadonlyArray<{ title: string; from: Pages; to: Pages }>): string {
  const rows = parts.map(({ title, from, to }) => {
    const gateway = between(from['api-gateway'], to['api-gateway']);
    const payments = between(from.payments, to.payments);
    const profile = between(from.profile, to.profile);
    const hits = payments.sum('cache_hits_total') + profile.sum('cache_hits_total');
    const lookups = hits + payments.sum('cache_misses_total') + profile.sum('cache_misses_total');
    const queries = [payments, profile].map(({ sum }) => sum('db_client_operation_duration_seconds_count', isQuery));
    return [
      title,
      count(gateway.sum('http_server_requests_total', isTraffic)),
      count(gateway.sum('http_server_errors_total', isTraffic)),
      duration(gateway.p95('http_server_request_duration_seconds_bucket', isTraffic)),
      lookups > 0 ? `${Math.round((hits / lookups) * 100)} %` : '–',
      count(queries.reduce((sum, part) => sum + part)),
      duration(payments.p95('db_client_operation_duration_seconds_bucket', isQuery)),
      duration(payments.p95('db_client_connection_wait_time_seconds_bucket')),
    ];
  });
  const headings = ['', 'requests', 'errors', 'p95', 'cache hits', 'queries', 'query p95', 'connection p95'];
  return table(
    headings,
    rows,
    headings.map((_, column) => column > 0),
  );
}

const isQuery = ({ db_system_name = '' }) => db_system_name === 'postgresql';
const count = (value: number) => (Number.isNaN(value) ? '–' : String(value));

/** NaN for what a page does not have. */
function between(from: Page, to: Page) {
  type Accept = Parameters<typeof samplesOf>[2];
  const known = from.size > 0 && to.size > 0;
  return {
    sum: (name: string, accept?: Accept) => (known ? sumOf(to, name, accept) - sumOf(from, name, accept) : Number.NaN),
    p95(name: string, accept?: Accept) {
      const earlier = samplesOf(from, name, accept).map((sample) => ({ ...sample, value: -sample.value }));
      return histogramQuantile(0.95, known ? [...samplesOf(to, name, accept), ...earlier] : []);
    },
  };
}
