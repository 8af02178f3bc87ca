import assert from 'node:assert/strict';
import { createServer, get } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { createScrapeHandler, ServicePorts } from '../src/index.ts';
import { asItIs, FORMAT, listener, listening, PAGE } from './support/listener.ts';

test('T1 T4: GET /metrics answers 200 with the page, its type and its length', async (t) => {
  const { url } = await listener(t);
  const response = await asItIs(url);
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores');
  assert.equal(response.headers.get('content-length'), '5');
  assert.equal(await response.text(), PAGE);
});

test('T3: HEAD has the same headers and no body, other methods are 405 and collect nothing', async (t) => {
  let collections = 0;
  const { url } = await listener(t, async () => {
    collections++;
    return PAGE;
  });
  const head = await asItIs(url, { method: 'HEAD' });
  assert.deepEqual([head.status, head.headers.get('content-length'), await head.text()], [200, '5', '']);
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const response = await fetch(url, { method, body: method === 'POST' ? 'x'.repeat(100_000) : null });
    assert.deepEqual([response.status, response.headers.get('allow')], [405, 'GET, HEAD'], method);
    await response.text();
  }
  assert.equal(collections, 1);
});

test('G11: whoever keeps a page is told what its form depends on', async (t) => {
  const { url } = await listener(t);
  const response = await asItIs(url);
  await response.text();
  assert.equal(response.headers.get('vary'), 'Accept, Accept-Encoding');
});

test('T19: a connection is kept longer than most scrapers pause, and not for ever', async (t) => {
  const { url } = await listener(t);
  const response = await asItIs(url);
  await response.text();
  assert.equal(response.headers.get('keep-alive'), 'timeout=65');
});

test('T15: a scrape shows what is so when it comes', async (t) => {
  let state = 'first';
  const { url } = await listener(t, async () => state);
  const first = await (await asItIs(url)).text();
  state = 'later';
  assert.deepEqual([first, await (await asItIs(url)).text()], ['first', 'later']);
});

test('any other path is 404 and names the right one', async (t) => {
  const { url } = await listener(t);
  const response = await fetch(new URL('/', url));
  assert.equal(response.status, 404);
  assert.match(await response.text(), /\/metrics/);
});

test('RFC 9112 3.2.2: a target in absolute form, as proxies send it, is answered as its path is', async (t) => {
  const { url } = await listener(t);
  const statusOf = (path: string) =>
    new Promise((resolve, reject) => {
      get(url, { path, agent: false }, (response) => resolve(response.resume().statusCode)).on('error', reject);
    });
  for (const path of [url, 'http://metrics.internal/metrics?name[]=up', 'HTTPS://metrics.internal:9464/metrics']) {
    assert.equal(await statusOf(path), 200, path);
  }
  for (const path of [
    'http://metrics.internal',
    'http://metrics.internal/metrics/x',
    'http://metrics.internal?/metrics',
  ])
    assert.equal(await statusOf(path), 404, path);
});

test('T5 T7: a page that cannot be made is 500, never 200, and the next scrape works', async (t) => {
  let broken = true;
  const { url, errors } = await listener(t, async () => {
    if (broken) throw new Error('no page');
    return PAGE;
  });
  const failed = await fetch(url);
  assert.deepEqual([failed.status, errors.length], [500, 1]);
  assert.match(await failed.text(), /could not be collected/);
  broken = false;
  assert.equal((await fetch(url)).status, 200);
});

test('T10: scrapes that arrive during a collection share it', async (t) => {
  let collections = 0;
  let finish: () => void = () => {};
  const allHaveArrived = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const collect = async () => {
    collections++;
    await allHaveArrived;
    return PAGE;
  };
  const handler = createScrapeHandler({ collect, formats: [FORMAT], onError: (error) => assert.fail(String(error)) });
  let arrived = 0;
  const server = createServer((request, response) => {
    handler(request, response);
    if (++arrived === 20) finish();
  });
  const url = await listening(t, server);
  const bodies = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(url)).text()));
  assert.deepEqual([new Set(bodies), collections], [new Set([PAGE]), 1]);
});

test('T18: a scraper that goes away in the middle is no error', async (t) => {
  const { url, errors } = await listener(t, async () => 'x'.repeat(50_000_000));
  const { port } = new URL(url);
  const socket = connect(Number(port), 'localhost');
  socket.write('GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  socket.destroy();
  assert.equal((await fetch(url, { method: 'HEAD' })).status, 200);
  assert.deepEqual(errors, []);
});

test('the same port: the service is asked for the page once, and everything is as it was when undone', async (t) => {
  const seen: string[] = [];
  const service = createServer((request, response) => {
    seen.push(request.url ?? '');
    response.end('service');
  });
  const url = await listening(t, service);
  const onError = (error: unknown) => assert.fail(String(error));
  const undo = new ServicePorts({
    handler: createScrapeHandler({ collect: async () => PAGE, formats: [FORMAT], onError }),
    access: { credentials: [] },
    onRefused: onError,
    onOwnPage: () => onError('own page'),
  }).answer();
  const texts = (paths: string[]) => Promise.all(paths.map(async (path) => (await fetch(url + path)).text()));
  assert.deepEqual(await texts(['/metrics', '/metrics', '/metrics?x']), [PAGE, PAGE, PAGE]);
  assert.deepEqual(await texts(['/metrics', '/metrics/x']), [PAGE, 'service']);
  undo();
  assert.deepEqual(await texts(['/metrics']), ['service']);
  assert.deepEqual(seen, ['/metrics', '/otel-register-nothing-here', '/metrics/x', '/metrics']);
});
