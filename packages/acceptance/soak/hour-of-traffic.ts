import assert from 'node:assert/strict';
import { Agent, get } from 'node:http';
import type { Program } from '../test/support/program.ts';

/** Requests between two scrapes: of a service with a hundred a second and a scrape each 15 s. */
const BETWEEN_SCRAPES = 1500;

const CLIENTS = 16;

/** A scraper of each kind, in turn. */
const SCRAPERS: Record<string, string>[] = [
  { accept: 'text/plain;version=0.0.4' },
  { accept: 'application/openmetrics-text;version=1.0.0', 'accept-encoding': 'gzip' },
  { accept: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited' },
];

/** What is asked of each hundred requests, and how it is answered; undefined where the client gives up. */
const KINDS: readonly (readonly [share: number, path: (id: number) => string, status: number | undefined])[] = [
  [68, (id) => `/orders/${id % 1000}`, 200],
  [10, (id) => `/transfers/${id}`, 200],
  [5, (id) => `/nowhere/${id}`, 404],
  [5, (id) => `/wrong/${id}`, 500],
  [3, () => '/wrong/sql', 500],
  [3, () => '/wrong/redis', 500],
  [3, (id) => `/tenants/${id}`, 200],
  [2, () => '/slow/head', undefined],
  [1, () => '/slow/nothing', undefined],
];
const OF_HUNDRED = KINDS.flatMap((kind) => Array<typeof kind>(kind[0]).fill(kind));

/** Sends the requests from one number up to another, and scrapes meanwhile. */
export async function traffic({ url, metricsUrl }: Program, from: number, to: number): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const page = await metricsUrl();
  const wrong: string[] = [];
  let next = from;
  const client = async () => {
    while (next < to) {
      const id = next++;
      // In no order that repeats itself: 37 and 100 have no divisor.
      const [, path, expected] = OF_HUNDRED[(id * 37) % 100] ?? assert.fail();
      const status = await ask(agent, url + path(id), expected === undefined);
      if (status !== expected) wrong.push(`${path(id)} ${status}`);
      if (id % BETWEEN_SCRAPES !== 0) continue;
      const scrape = await fetch(page, { headers: SCRAPERS[(id / BETWEEN_SCRAPES) % SCRAPERS.length] ?? {} });
      await scrape.arrayBuffer();
      if (!scrape.ok) wrong.push(`a scrape ${scrape.status}`);
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  agent.destroy();
  assert.deepEqual(wrong, []);
}

/** Milliseconds after which a client has no more patience. */
const PATIENCE = 20;

/** The status of the answer; undefined where the client gives up, at the head or after a while without one. */
function ask(agent: Agent, url: string, givesUp: boolean): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      if (givesUp) giveUp();
      else response.resume().on('end', () => resolve(response.statusCode));
    });
    request.on('error', reject);
    const giveUp = () => {
      resolve(undefined);
      request.destroy();
    };
    if (givesUp) setTimeout(giveUp, PATIENCE);
  });
}
