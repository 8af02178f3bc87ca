import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { increase, type MetricsPage, type Values } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { rawConnection } from './support/raw-connection.ts';

let service: Program;
before(async () => {
  service = await startProgram('http-bodies.cjs');
});
after(() => service.stop());

/** Bodies and bytes that the traffic adds, by method and status: `{ 'GET 200': [2, 30] }`. */
async function bodiesOf(of: 'request' | 'response', traffic: () => Promise<unknown>) {
  const before = await service.scrape();
  await traffic();
  const page = await service.scrape();
  const added = (part: 'count' | 'sum') => increase(sizes(before, of, part), sizes(page, of, part));
  const sums = added('sum');
  return Object.fromEntries(Object.entries(added('count')).map(([key, count]) => [key, [count, sums[key] ?? 0]]));
}

const sizes = (page: MetricsPage, of: string, part: string): Values =>
  page.values(`http_server_${of}_body_size_bytes_${part}`, 'http_request_method', 'http_response_status_code');

const get = async (path: string, init?: RequestInit) => (await fetch(`${service.url}${path}`, init)).arrayBuffer();

for (const [path, bytes, what] of [
  ['/end', 20, 'that is written in one piece'],
  ['/length', 5, 'whose length is announced'],
  ['/head-first', 2, 'that is written after the head'],
  ['/flushed', 2, 'whose head was flushed'],
  ['/chunks', 2002, 'that is written in pieces, whatever their encoding'],
  ['/stream', 140_000, 'that is streamed'],
  ['/compressed', gzipSync(Buffer.alloc(100_000)).length, 'that is compressed, as it is sent'],
  ['/nothing', 0, 'that is empty'],
] as const) {
  test(`a response's body ${what} is measured`, async () => {
    assert.deepEqual(await bodiesOf('response', () => get(path)), { 'GET 200': [1, bytes] });
  });
}

test('responses that have no body, or only the beginning of one, have no size', async () => {
  const added = await bodiesOf('response', async () => {
    await get('/end', { method: 'HEAD' });
    await get('/empty');
    await get('/unchanged');
    await assert.rejects(get('/cut'));
  });
  assert.deepEqual(added, {});
});

test("a request's body is measured, with its length announced or in chunks", async () => {
  const added = await bodiesOf('request', async () => {
    await get('/read', { method: 'POST', body: 'é'.repeat(10) });
    await get('/read', { method: 'POST', body: '' });
    const body = Readable.from([Buffer.alloc(70_000), Buffer.alloc(30_000)]) as unknown as ReadableStream;
    await get('/read', { method: 'PUT', body, duplex: 'half' } as RequestInit);
  });
  assert.deepEqual(added, { 'POST 200': [2, 20], 'PUT 200': [1, 100_000] });
});

test('requests that have no body, or only the beginning of one, have no size', async () => {
  const added = await bodiesOf('request', async () => {
    await get('/end');
    await get('/end', { method: 'DELETE' });
    const client = await rawConnection(service.url);
    client.send('POST /too-large\nContent-Length: 1000000');
    await client.received('413');
    await client.destroy();
  });
  assert.deepEqual(added, {});
});
