import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { increase, type MetricsPage, requestCounts } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { rawConnection } from './support/raw-connection.ts';
import { until } from './support/until.ts';

let service: Program;
before(async () => {
  service = await startProgram('http-upgrades.cjs');
});
after(() => service.stop());

const ends = (page: MetricsPage) =>
  page.values(
    'http_server_request_duration_seconds_count',
    ...['url_scheme', 'http_request_method', 'http_response_status_code', 'error_type'],
  );
const inFlight = (page: MetricsPage) => page.values('http_server_active_requests', 'http_request_method');

async function endsOf(traffic: () => Promise<unknown>) {
  const earlier = ends(await service.scrape());
  await traffic();
  return increase(earlier, ends(await service.scrape()));
}

const HANDSHAKE = [
  ...['', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
].join('\n');

async function upgrading(path: string, expected: string | RegExp, url = service.url) {
  const client = await rawConnection(url);
  client.send(`GET ${path}${HANDSHAKE}`);
  await client.received(expected);
  return client;
}

test('an upgrade is a request that ends with 101, however long the connection is used then', async () => {
  const added = await endsOf(async () => {
    const client = await upgrading('/chat', 'welcome');
    const page = await service.scrapeNow();
    assert.equal(inFlight(page).GET, 0);
    assert.ok(page.value('http_server_active_connections') >= 1);
    await client.destroy();
  });
  assert.deepEqual(added, { 'http GET 101 –': 1 });
});

test('an upgrade that is not granted has the status that it got', async () => {
  const added = await endsOf(async () => {
    for (const [path, answer] of [
      ['/nowhere', '404'],
      ['/late', '401'],
    ] as const) {
      await (await upgrading(path, answer)).destroy();
    }
  });
  assert.deepEqual(added, { 'http GET 404 –': 1, 'http GET 401 –': 1 });
});

test('an upgrade that the client gives up is an abort', async () => {
  const added = await endsOf(async () => {
    const client = await rawConnection(service.url);
    client.send(`GET /never${HANDSHAKE}`);
    await until('one in flight', async () => inFlight(await service.scrapeNow()).GET === 1);
    await client.destroy();
    await until('none in flight', async () => inFlight(await service.scrapeNow()).GET === 0);
  });
  assert.deepEqual(added, { 'http GET – aborted': 1 });
});

test('an upgrade that the server knows nothing of is a request like any other', async () => {
  const added = await endsOf(async () => {
    await (await upgrading('/', /ok$/, service.urls[1])).destroy();
  });
  assert.deepEqual(added, { 'http GET 200 –': 1 });
});

test('a tunnel is a CONNECT that ends with the head of its answer', async () => {
  const [, plain = ''] = service.urls;
  const added = await endsOf(async () => {
    const client = await rawConnection(service.url);
    client.send(`CONNECT ${plain.slice('http://'.length)}`);
    await client.received('200 Connection Established');
    client.send('GET /');
    await client.received(/ok$/);
    await client.destroy();
    const refused = await rawConnection(service.url);
    refused.send('CONNECT 127.0.0.1:1');
    await refused.received('502');
    await refused.destroy();
  });
  assert.deepEqual(added, { 'http CONNECT 200 –': 1, 'http GET 200 –': 1, 'http CONNECT 502 502': 1 });
});

test('a request with no upgrade is counted once on such a server', async () => {
  assert.deepEqual(await endsOf(async () => (await fetch(service.url)).text()), { 'http GET 200 –': 1 });
});

test('an upgrade that a framework routes has its route', async (t) => {
  const fastify = await startProgram('fastify-websocket.cjs');
  t.after(() => fastify.stop());
  for (const path of ['/rooms/7', '/rooms/8']) await (await upgrading(path, 'welcome', fastify.url)).destroy();
  assert.deepEqual(requestCounts(await fastify.scrape()), { 'GET /rooms/:room 101': 2 });
});
