import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import { MetricsPage } from './metrics-page.ts';
import { until } from './until.ts';

/**
 * A GET on a connection of its own, so that the next worker answers it. One that the primary has given to a worker that was
 * just killed is never answered: that is given up.
 */
export async function get(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, timeout: 10_000 }, (response) => text(response).then(resolve, reject));
    sent.on('timeout', () => sent.destroy(new Error(`no answer from ${url}`)));
    sent.on('error', reject).end();
  });
}

/** Sends requests to workers that answer with their process ids. @returns the ids */
export async function send(url: string, requests: number): Promise<Set<string>> {
  const pids = new Set<string>();
  for (let sent = 0; sent < requests; sent += 20) {
    const answers = Array.from({ length: Math.min(20, requests - sent) }, () => get(url));
    for (const pid of await Promise.all(answers)) pids.add(pid);
  }
  return pids;
}

/** The page as the next worker shows it. */
export const pageOf = async (url: string) => new MetricsPage(await get(url));

export const counted = (page: MetricsPage, method = 'GET') =>
  page.values('http_server_requests_total', 'http_request_method')[method] ?? 0;

export const processes = (page: MetricsPage) => page.values('otel_cluster_processes', 'otel_cluster_process_state');

/**
 * A page that shows so many requests. A process that does not answer within a second, as on a busy machine, is on a page as it
 * was last known; what has once been shown is on every later one.
 */
export async function showing(requests: number, page: () => Promise<MetricsPage>): Promise<MetricsPage> {
  let latest: MetricsPage | undefined;
  await until(`${requests} requests on the page`, async () => {
    latest = await page();
    return counted(latest) === requests;
  });
  return latest as MetricsPage;
}
