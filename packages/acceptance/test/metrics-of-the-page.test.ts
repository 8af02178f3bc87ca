import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, test } from 'node:test';
import { MetricsPage, scrape } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

let service: Program;
let url: string;
before(async () => {
  service = await startProgram('collecting.cjs');
  url = await service.metricsUrl();
});
after(() => service.stop());

const PAGE = 'otel_exporter_prometheus';
const byStatus = (page: MetricsPage) => page.values(`${PAGE}_scrapes_total`, 'http_response_status_code');

/** The page once `scrapes` have been counted: one is counted when its answer has left, a little after the scraper has it. */
async function pageAfter(scrapes: Record<string, number>): Promise<MetricsPage> {
  let page = await scrape(url);
  await until(`${JSON.stringify(scrapes)} are counted`, async () => {
    page = await scrape(url);
    const counted = byStatus(page);
    return Object.entries(scrapes).every(([status, count]) => (counted[status] ?? 0) >= count);
  });
  return page;
}

/** A scrape on a connection of its own: the page, and the bytes that came. */
async function rawScrape(): Promise<{ text: string; bytes: number }> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write('GET /metrics HTTP/1.0\r\n\r\n');
  const answer = Buffer.concat(await socket.toArray()).toString();
  return { text: answer.slice(answer.indexOf('\r\n\r\n') + 4), bytes: socket.bytesRead };
}

test('T16: scrapes are counted by status, with their time', async () => {
  const first = await scrape(url);
  assert.deepEqual(byStatus(first), {});
  assert.equal(first.value(`${PAGE}_active_scrapes`), 1);
  const refused = await fetch(url, { method: 'POST' });
  await refused.arrayBuffer();
  const page = await pageAfter({ 200: 1, 405: 1 });
  const count = Object.values(byStatus(page)).reduce((sum, value) => sum + value, 0);
  assert.equal(page.value(`${PAGE}_scrape_duration_seconds_count`), count);
  assert.ok(page.value(`${PAGE}_scrape_duration_seconds_sum`) > 0);
});

test('the bytes of answers are those that arrive', async () => {
  const read = async () => {
    const { bytes, text } = await rawScrape();
    return { bytes, sent: new MetricsPage(text).value(`${PAGE}_sent_bytes_total`) };
  };
  const first = await read();
  let arrived = first.bytes;
  await until('the page counts what has arrived', async () => {
    const { bytes, sent } = await read();
    const isCounted = sent - first.sent === arrived;
    arrived += bytes;
    return isCounted;
  });
});

test('the series of a page are counted', async () => {
  await until('the page has as many series as the one before it', async () => {
    const page = await scrape(url);
    const sets = new Set(
      [...page.families.values()].flatMap(({ name, samples }) =>
        samples.map(({ labels: { le, ...others } }) => `${name} ${JSON.stringify(others)}`),
      ),
    );
    // Two of them, target_info and the scopes' own, are made from what is not a series.
    const counted = page.value(`${PAGE}_series`);
    return counted <= sets.size && counted >= sets.size - 2;
  });
});

test('a scraper that goes away before it has its page is an error, and no scrape', async () => {
  const { hostname, port } = new URL(url);
  const errors = async () => (await scrape(url)).values(`${PAGE}_errors_total`, 'error_type').disconnected ?? 0;
  const before = await errors();
  await until('it is counted', async () => {
    // A reset that overtakes the process takes the request with it, and there was no scrape.
    const socket = connect(Number(port), hostname);
    socket.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n', () => socket.resetAndDestroy());
    return (await errors()) > before;
  });
});

test('scrapes that were sent without waiting are over when their scraper goes away', async () => {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const scrapes = 'GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(10);
  socket.write(scrapes, () => socket.resetAndDestroy());
  await until(
    'only the one that asks is active',
    async () => (await scrape(url)).value(`${PAGE}_active_scrapes`) === 1,
  );
});
