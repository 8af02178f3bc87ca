import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { increase, type MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { type RawConnection, rawConnection } from './support/raw-connection.ts';
import { answered, connections, inFlight, ServerTraffic } from './support/server-traffic.ts';
import { until, untilSaid } from './support/until.ts';

let service: Program;
let http: string;
let https: string;

before(async () => {
  service = await startProgram('http-server.cjs');
  [http, https] = service.urls as [string, string];
});
after(() => service.stop());

const traffic = new ServerTraffic(() => service, 'url_scheme', 'http_request_method', 'http_response_status_code');
const count = (page: MetricsPage) =>
  page.values('http_server_requests_total', 'http_request_method', 'http_response_status_code');
const errors = (page: MetricsPage) => page.values('http_server_errors_total', 'http_request_method', 'error_type');

const get = async (path: string, init?: RequestInit) => (await fetch(`${http}${path}`, init)).text();

test('requests are counted by method and status, 5xx as errors', async () => {
  const [before, beforeErrors] = [count(await service.scrape()), errors(await service.scrape())];
  await Promise.all(['/ok', '/ok?x=1', '/created', '/missing', '/broken'].map((path) => get(path)));
  await get('/ok', { method: 'POST' });
  const page = await service.scrape();
  assert.deepEqual(increase(before, count(page)), {
    'GET 200': 2,
    'GET 201': 1,
    'GET 404': 1,
    'GET 503': 1,
    'POST 200': 1,
  });
  assert.deepEqual(increase(beforeErrors, errors(page)), { 'GET 503': 1 });
});

test('a series says scheme, version, method and status, and its duration is in seconds', async () => {
  await get('/ok');
  const page = await service.scrape();
  const of = {
    http_request_method: 'GET',
    http_response_status_code: '200',
    network_protocol_version: '1.1',
    url_scheme: 'http',
  };
  const sum = page
    .samples('http_server_request_duration_seconds_sum')
    .find(({ labels }) => labels.http_response_status_code === '200');
  assert.deepEqual(sum?.labels, of);
  assert.ok(sum.value > 0 && sum.value < 10, `${sum.value} s`);
});

test('a method that nobody has registered is _OTHER', async () => {
  const added = await traffic.ends(() => answered(http, /ok$/, 'PROPFIND /ok'));
  assert.deepEqual(added, { 'http _OTHER 200 –': 1 });
});

test('a client that goes away before the head is an abort without a status', async () => {
  const before = errors(await service.scrape());
  const added = await traffic.ends(() => traffic.givenUp(http, 'PUT /hold'));
  assert.deepEqual(added, { 'http PUT – aborted': 1 });
  assert.deepEqual(increase(before, errors(await service.scrape())), { 'PUT aborted': 1 });
});

test('a client that goes away in the middle of the body is an abort with the status that it got', async () => {
  const added = await traffic.ends(() => answered(http, 'the beginning', 'GET /stream'));
  assert.deepEqual(added, { 'http GET 200 aborted': 1 });
});

test('a client that goes away while it sends is an abort, whatever the service answers to that', async () => {
  const added = await traffic.ends(() => traffic.givenUp(http, 'PUT /upload\nContent-Length: 100'));
  assert.deepEqual(added, { 'http PUT – aborted': 1 });
});

test('a response that is ended after its connection is gone is counted once', async () => {
  const added = await traffic.ends(() => traffic.givenUp(http, 'PATCH /late'));
  assert.deepEqual(added, { 'http PATCH – aborted': 1 });
});

test('requests of one connection, one after the other and all at once, are counted each', async () => {
  const added = await traffic.ends(async () => {
    const client = await rawConnection(http);
    client.send('GET /ok');
    await client.received('ok');
    client.send('GET /ok', 'GET /missing', 'HEAD /ok', 'GET /created');
    await client.received('201 Created');
    await client.destroy();
  });
  assert.deepEqual(added, { 'http GET 200 –': 2, 'http GET 404 –': 1, 'http HEAD 200 –': 1, 'http GET 201 –': 1 });
});

test('of requests sent at once, those that the client did not wait for are aborts', async () => {
  const added = await traffic.ends(async () => {
    const client = await rawConnection(http);
    client.send('GET /ok', 'OPTIONS /hold', 'OPTIONS /hold', 'GET /created');
    await traffic.running('OPTIONS', 2);
    await client.destroy();
  });
  assert.deepEqual(added, { 'http GET 200 –': 1, 'http OPTIONS – aborted': 2, 'http GET – aborted': 1 });
});

test('informational answers are no status', async () => {
  const added = await traffic.ends(async () => {
    const client = await rawConnection(http);
    client.send('GET /early-hints');
    await client.received(/103 Early Hints(?:.|\s)*200 OK/);
    client.send('POST /body\nExpect: 100-continue\nContent-Length: 2');
    await client.received('100 Continue');
    client.socket.write('{}');
    await client.received(/read$/);
    client.send('PUT /processing');
    await client.received('102 Processing');
    await client.destroy();
  });
  assert.deepEqual(added, { 'http GET 200 –': 1, 'http POST 200 –': 1, 'http PUT – aborted': 1 });
});

test('requests over TLS are counted under https', async () => {
  const added = await traffic.ends(async () => {
    await answered(https, /ok$/, 'GET /ok');
    await traffic.givenUp(https, 'PUT /hold');
  });
  assert.deepEqual(added, { 'https GET 200 –': 1, 'https PUT – aborted': 1 });
});

test('requests in flight and open connections are right while they last, and none are left', async (t) => {
  const alone = await startProgram('http-server.cjs');
  t.after(() => alone.stop());
  const clients = await Promise.all([0, 0, 0, 1].map((which) => rawConnection(alone.urls[which] ?? '')));
  const [first, second, third] = clients as [RawConnection, RawConnection, RawConnection];
  for (const client of [first, second]) client.send('GET /hold');
  await until('two in flight', async () => inFlight(await alone.scrapeNow())['GET http'] === 2);
  await until('four connections', async () => connections(await alone.scrapeNow()) === 4);
  third.send('GET /release');
  await until('none in flight', async () => inFlight(await alone.scrapeNow())['GET http'] === 0);
  assert.equal(connections(await alone.scrapeNow()), 4);
  await Promise.all(clients.map((client) => client.destroy()));
  await until('no connection', async () => connections(await alone.scrapeNow()) === 0);
});

test('a service that changes the method of a request is counted by the method that was asked', async () => {
  const added = await traffic.ends(() => get('/override', { method: 'POST' }));
  assert.deepEqual(added, { 'http POST 200 –': 1 });
  assert.equal(inFlight(await service.scrape())['POST http'], 0);
});

test('requests and responses have the listeners that they have without the agent', async (t) => {
  const bare = await startProgram('http-server.cjs', { nodeArguments: [] });
  t.after(() => bare.stop());
  assert.equal(await get('/listeners'), await (await fetch(`${bare.url}/listeners`)).text());
});

test('what fails in the probe is one line on stderr, and the service answers on', async () => {
  assert.equal(await get('/trap'), 'ok');
  assert.equal(await get('/trap'), 'ok');
  assert.equal(await get('/ok'), 'ok');
  await untilSaid(service, /failed; what it counts/);
  assert.equal(service.stderr().match(/failed; what it counts may be too low/g)?.length, 1);
});

test('a server that closes counts what is in flight to its end', async () => {
  const added = await traffic.ends(async () => {
    const client = await rawConnection(http);
    client.send('DELETE /hold');
    await traffic.running('DELETE');
    await get('/close');
    await client.destroy();
    await traffic.running('DELETE', 0);
  });
  assert.deepEqual(added, { 'http DELETE – aborted': 1, 'http GET 200 –': 1 });
});

test('the server of an ES module is measured', async (t) => {
  const program = await startProgram('hello.mjs');
  t.after(() => program.stop());
  await (await fetch(program.url)).text();
  assert.deepEqual(count(await program.scrape()), { 'GET 200': 1 });
});

test('scrapes are not counted, neither those of the own port nor those of the service port', async (t) => {
  const program = await startProgram('hello.mjs', { env: { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' } });
  t.after(() => program.stop());
  assert.match(await (await fetch(`${program.url}/metrics`)).text(), /^process_uptime_seconds /m);
  await (await fetch(program.url)).text();
  await (await fetch(`${program.url}/metrics?again`)).text();
  const page = await program.scrape();
  assert.deepEqual(count(page), { 'GET 200': 1 });
  assert.deepEqual(inFlight(page), { 'GET http': 0 });
});
