import assert from 'node:assert/strict';
import { type Family, parsePrometheusText, type Sample, samplesOf } from '@payments/local-stack';
import { assertDocumented } from './documented.ts';
import { until } from './until.ts';

/** Values by the label values asked for, joined by blanks; `–` stands for a label that the series has not. */
export type Values = Record<string, number>;

/** One scrape of one service. */
export class MetricsPage {
  readonly text: string;
  readonly families: ReadonlyMap<string, Family>;

  constructor(text: string) {
    this.text = text;
    this.families = parsePrometheusText(text);
  }

  samples(name: string): Sample[] {
    return samplesOf(this.families as Map<string, Family>, name);
  }

  /** The samples of that name, summed over all other labels: `{ 'GET /payments/:id 200': 3 }`. */
  values(name: string, ...labels: string[]): Values {
    const values: Values = {};
    for (const { labels: of, value } of this.samples(name)) {
      const key = labels.map((label) => of[label] ?? '–').join(' ');
      values[key] = (values[key] ?? 0) + value;
    }
    return values;
  }

  /** The only sample of that name. */
  value(name: string): number {
    const [sample, ...more] = this.samples(name);
    assert.ok(
      sample !== undefined && more.length === 0,
      `${name} has ${more.length + (sample ? 1 : 0)} samples, not one`,
    );
    return sample.value;
  }
}

/** One GET of the page. @throws AssertionError unless it is a good scrape of the text format 0.0.4 with documented metrics */
export async function scrape(url: string): Promise<MetricsPage> {
  const response = await fetch(url);
  const text = await response.text();
  assert.equal(response.status, 200, `${url}: ${text}`);
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; ?version=0\.0\.4/);
  const page = new MetricsPage(text);
  assertDocumented(page.families.values());
  return page;
}

/**
 * The page once no request is in flight. A request is counted when its answer has left the service, which is a little after
 * the client has it.
 */
export async function scrapeAtRest(url: string): Promise<MetricsPage> {
  await until(`no request in flight at ${url}`, async () => {
    const inFlight = Object.values((await scrape(url)).values('http_server_active_requests'));
    return inFlight.every((value) => value === 0);
  });
  // Each number of a page is read when it is written: what ended in the middle of that one is whole on the next.
  return scrape(url);
}

/** What has been added between two readings; what did not change is left out. */
export function increase(before: Values, after: Values): Values {
  const differences = Object.entries(after).map(([key, value]): [string, number] => [key, value - (before[key] ?? 0)]);
  return Object.fromEntries(differences.filter(([, difference]) => difference !== 0));
}

export const requestCounts = (page: MetricsPage) =>
  page.values('http_server_requests_total', 'http_request_method', 'http_route', 'http_response_status_code');

export const errorCounts = (page: MetricsPage) =>
  page.values('http_server_errors_total', 'http_request_method', 'http_route', 'error_type');

/** `postgresql SELECT –`, with the error's type in the place of `–` where there was one. */
export const databaseCounts = (page: MetricsPage) =>
  page.values('db_client_operation_duration_seconds_count', 'db_system_name', 'db_operation_name', 'error_type');
