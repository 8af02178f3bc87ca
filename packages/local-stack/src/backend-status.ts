import { parseArgs } from 'node:util';
import { type Family, histogramQuantile, parsePrometheusText, samplesOf, sumOf } from './prometheus-text.ts';
import { type ServiceName, serviceNames } from './service.ts';
import { duration, table } from './table.ts';

/** What the table shows of one service. A number that its page does not have is null. */
export interface ServiceStatus {
  service: ServiceName;
  url: string;
  state: 'ready' | 'not ready' | 'down';
  uptimeSeconds: number | null;
  requests: number | null;
  errors: number | null;
  p95Seconds: number | null;
  /** From 0 to 1. */
  cacheHitRatio: number | null;
  poolUsed: number | null;
  poolMax: number | null;
}

const TIMEOUT_MS = 5_000;

/** Asks one service for its readiness and its metrics. Never rejects: a service that does not answer is `down`. */
export async function readServiceStatus(service: ServiceName, url: string): Promise<ServiceStatus> {
  const ask = (path: string) => fetch(`${url}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  const [ready, page] = await Promise.all([
    ask('/health/ready').then(
      ({ status }) => status,
      () => undefined,
    ),
    ask('/metrics').then(
      async (response) => (response.ok ? parsePrometheusText(await response.text()) : undefined),
      () => undefined,
    ),
  ]);
  const state = ready === undefined ? 'down' : ready === 200 ? 'ready' : 'not ready';
  return { service, url, state, ...numbersOf(page ?? new Map()) };
}

/** Whether labels are those of a request that somebody made for its answer, not to see how the service is. */
export function isTraffic({ http_route = '' }: Record<string, string>): boolean {
  return http_route !== '/metrics' && !http_route.startsWith('/health');
}

function numbersOf(page: Map<string, Family>): Omit<ServiceStatus, 'service' | 'url' | 'state'> {
  const known = (value: number) => (page.size === 0 || Number.isNaN(value) ? null : value);
  const hits = sumOf(page, 'cache_hits_total');
  const started = sumOf(page, 'process_start_time_seconds');
  const poolMax = sumOf(page, 'db_client_connection_max');
  const inUse = ({ db_client_connection_state = '' }) => db_client_connection_state === 'used';
  return {
    uptimeSeconds: known(started === 0 ? Number.NaN : Date.now() / 1000 - started),
    requests: known(sumOf(page, 'http_server_requests_total', isTraffic)),
    errors: known(sumOf(page, 'http_server_errors_total', isTraffic)),
    p95Seconds: known(
      histogramQuantile(0.95, samplesOf(page, 'http_server_request_duration_seconds_bucket', isTraffic)),
    ),
    cacheHitRatio: known(hits / (hits + sumOf(page, 'cache_misses_total'))),
    poolUsed: known(poolMax === 0 ? Number.NaN : sumOf(page, 'db_client_connection_count', inUse)),
    poolMax: known(poolMax || Number.NaN),
  };
}

/** One line a service. */
export function statusTable(statuses: readonly ServiceStatus[]): string {
  const show = (value: number | null, format: (value: number) => string) => (value === null ? '–' : format(value));
  const rows = statuses.map((status) => [
    status.service,
    status.url,
    status.state === 'ready' ? 'yes' : status.state === 'down' ? 'down' : 'no',
    show(status.uptimeSeconds, uptime),
    show(status.requests, String),
    show(status.errors, String),
    show(status.p95Seconds, duration),
    show(status.cacheHitRatio, (ratio) => `${(ratio * 100).toFixed(1)} %`),
    show(status.poolUsed, (used) => `${used} of ${status.poolMax}`),
  ]);
  const headings = ['service', 'URL', 'ready', 'uptime', 'requests', 'errors', 'p95', 'cache hits', 'pool use'];
  return table(headings, rows, [false, false, false, true, true, true, true, true, true]);
}

function uptime(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2 * 24 * 60
    ? `${Math.floor(minutes / 60)} h ${minutes % 60} min`
    : `${Math.floor(minutes / 60 / 24)} d`;
}

const HELP = `npm run backend:status [-- --json]

One line for each of the five services, read from its /health/ready and /metrics. Exit status 1 when one is not ready.
API_GATEWAY_URL, AUTH_URL, PAYMENTS_URL, ADMIN_URL and PROFILE_URL name services that are not on localhost:3000 to 3004.`;

/**
 * The command `npm run backend:status`.
 *
 * @returns the exit status: 0 when all five are ready
 */
export async function runBackendStatus(args: string[], environment: NodeJS.ProcessEnv): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } });
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  const statuses = await Promise.all(
    serviceNames.map((name, index) => {
      const variable = `${name.toUpperCase().replace('-', '_')}_URL`;
      return readServiceStatus(name, environment[variable] ?? `http://localhost:${3000 + index}`);
    }),
  );
  console.log(values.json ? JSON.stringify(statuses, undefined, 2) : statusTable(statuses));
  return statuses.every(({ state }) => state === 'ready') ? 0 : 1;
}
