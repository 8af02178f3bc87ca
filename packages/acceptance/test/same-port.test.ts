import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { increase, MetricsPage, requestCounts, scrape } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until, untilSaid } from './support/until.ts';

const SERVICES = [
  ['http', 'current'],
  ['http that answers what it knows', 'current'],
  ['http that throws', 'current'],
  ['express', 'current'],
  ['express', 'oldest'],
  ['fastify', 'current'],
  ['fastify', 'oldest'],
  ['koa', 'current'],
  ['koa', 'oldest'],
  ['hapi', 'current'],
  ['hapi', 'oldest'],
  ['restify', 'current'],
  ['hono', 'current'],
] as const;

async function start(t: TestContext, args: [framework: string, page: 'own' | 'none'], env: Record<string, string>) {
  const service = await startProgram('same-port.cjs', { args, env });
  t.after(() => service.stop());
  return service;
}

const ask = async ({ url }: Program, init: RequestInit = {}) => {
  const response = await fetch(`${url}/metrics`, init);
  return { status: response.status, text: await response.text() };
};

const seen = ({ step }: Program): Promise<string[]> => step('seen');

for (const [framework, libraries] of SERVICES) {
  const env = { LIBRARIES: libraries, OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' };

  test(`${framework} (${libraries}) without a page of its own: ours, which the service is asked about once and no more`, async (t) => {
    const service = await start(t, [framework, 'none'], env);
    for (let scrapes = 0; scrapes < 5; scrapes++) {
      for (const method of ['GET', 'HEAD']) {
        const { status, text } = await ask(service, { method });
        assert.deepEqual([status, /^target_info/m.test(text)], [200, method === 'GET']);
      }
    }
    const asked = ['GET /metrics', ...(framework === 'http' ? ['GET /otel-register-nothing-here'] : [])];
    assert.deepEqual(await seen(service), asked);
    const page = await service.scrape();
    assert.deepEqual(Object.values(requestCounts(page)), [1], 'the request for what was seen is all that counts');
    await service.stop();
    assert.match(service.stderr(), /^otel: metrics of \S+ on \S+; they are on the service's own port too\n$/);
  });

  test(`${framework} (${libraries}) with a page of its own: that, as if we were not there`, async (t) => {
    const service = await start(t, [framework, 'own'], env);
    const own = { status: 200, text: 'own 1\n' };
    assert.deepEqual(await ask(service), own);
    await seen(service);
    const before = requestCounts(await service.scrape());
    for (let scrapes = 0; scrapes < 5; scrapes++) assert.deepEqual(await ask(service), own);
    const counted = () => service.scrape().then((page) => Object.values(increase(before, requestCounts(page))));
    await until('five are counted', async () => String(await counted()) === '5');
    await untilSaid(service, /^otel: the service has a \/metrics of its own, and keeps it: .*\n/m);
    assert.match(await (await fetch(await service.metricsUrl())).text(), /^target_info/m);
  });
}

test('what is no scrape of the page is the service’s: other methods, other paths, other notations', async (t) => {
  const service = await start(t, ['express', 'none'], { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' });
  assert.deepEqual(await ask(service, { method: 'POST', body: 'x' }), { status: 200, text: 'taken' });
  for (const path of ['/metrics/', '/metricsx', '/METRICS', '/x/metrics', '/%6detrics', '//metrics']) {
    assert.equal((await fetch(service.url + path)).status, 404, path);
  }
  assert.equal((await scrape(`${service.url}/metrics?x=1`)).samples('target_info').length, 1);
});

const CREDENTIALS = { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'on', OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: 's3cr3t' };

test('for a token: who has none gets what the service answers, which learns nothing of the token of who has one', async (t) => {
  const service = await start(t, ['express', 'none'], CREDENTIALS);
  const anybody = await ask(service);
  assert.equal(anybody.status, 404);
  assert.deepEqual(await ask(service, { headers: { authorization: 'Bearer wrong' } }), anybody);
  const { status, text } = await ask(service, { headers: { authorization: 'Bearer s3cr3t' } });
  assert.deepEqual([status, /^target_info/m.test(text)], [200, true]);
  assert.deepEqual(await seen(service), Array(3).fill('GET /metrics'));
  // The two that were left to the service, and the one for what it has seen.
  const page = new MetricsPage((await ask(service, { headers: { authorization: 'Bearer s3cr3t' } })).text);
  assert.deepEqual(requestCounts(page), { 'GET – 404': 2, 'GET /seen 200': 1 });
  await service.stop();
  assert.doesNotMatch(service.stderr() + service.stdout(), /s3cr3t/);
  const lines = service.stderr().match(/were left to the service: without the right token or password/g);
  assert.equal(lines?.length, 1);
});

test('for certain addresses: those of connections, whatever a proxy or a client says in headers', async (t) => {
  const start127 = (list: string) =>
    start(t, ['express', 'none'], {
      OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'on',
      OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES: list,
    });
  const headers = { 'x-forwarded-for': '10.0.0.1', forwarded: 'for=10.0.0.1', 'x-real-ip': '10.0.0.1' };
  const [far, near] = [await start127('10.0.0.0/8,::1'), await start127('127.0.0.1')];
  assert.equal((await ask(far, { headers })).status, 404);
  await untilSaid(far, /were left to the service: not from an address that may scrape\n/);
  assert.equal((await ask(near, { headers })).status, 200);
});
