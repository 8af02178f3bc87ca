import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freePort } from '@payments/local-stack';
import { type HttpTarget, startHttpTarget } from './support/http-target.ts';
import { increase, type MetricsPage, type Values } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

let target: HttpTarget;
let refused: string;

before(async () => {
  target = await startHttpTarget();
  refused = `http://127.0.0.1:${await freePort()}`;
});
after(() => target.stop());

const labels = ['http_request_method', 'http_response_status_code', 'error_type', 'network_protocol_version'];
const ends = (page: MetricsPage) => page.values('http_client_request_duration_seconds_count', ...labels);
const errors = (page: MetricsPage) => page.values('http_client_errors_total', 'error_type');
const connections = (page: MetricsPage) => page.values('http_client_open_connections', 'http_connection_state');

function start(env: Record<string, string> = {}, nodeArguments?: string[]): Promise<Program> {
  return startProgram('http-client.cjs', {
    env: { SERVER: target.url, SECURE_SERVER: target.secureUrl, REFUSED: refused, ...env },
    ...(nodeArguments ? { nodeArguments } : {}),
  });
}

/** Takes a step: what it returned, and what it added to durations (method, status, error, version) and errors. */
async function take(service: Program, step: string, meanwhile?: () => Promise<unknown>) {
  const before = await service.scrape();
  const [result] = await Promise.all([service.step(step), meanwhile?.()]);
  const page = await service.scrape();
  return { result, ends: increase(ends(before), ends(page)), errors: increase(errors(before), errors(page)) };
}

/** What each step adds, whichever client takes it. */
const alike: Record<string, Values> = {
  ok: { 'GET 200 – 1.1': 1 },
  three: { 'GET 200 – 1.1': 3 },
  post: { 'POST 200 – 1.1': 1 },
  odd: { '_OTHER 200 – 1.1': 1 },
  head: { 'HEAD 200 – 1.1': 1 },
  missing: { 'GET 404 404 1.1': 1 },
  broken: { 'GET 503 503 1.1': 1 },
  unchanged: { 'GET 304 – 1.1': 1 },
  hints: { 'GET 200 – 1.1': 1 },
  stream: { 'GET 200 – 1.1': 1 },
  refused: { 'GET – ECONNREFUSED –': 1 },
  nowhere: { 'GET – ENOTFOUND –': 1 },
  reset: { 'GET – ECONNRESET –': 1 },
  timeout: { 'GET – timeout –': 1 },
};

const CLIENTS = [
  { client: 'http', libraries: 'current', closed: 'ECONNRESET' },
  { client: 'fetch', libraries: 'current', closed: 'UND_ERR_SOCKET' },
  { client: 'undici', libraries: 'current', closed: 'UND_ERR_SOCKET' },
  { client: 'undici', libraries: 'oldest', closed: 'UND_ERR_SOCKET' },
];

for (const { client, libraries, closed } of CLIENTS) {
  describe(`${client} (${libraries})`, () => {
    let service: Program;
    before(async () => {
      service = await start({ LIBRARIES: libraries });
    });
    after(() => service.stop());

    test('before the first request there is nothing', async () => {
      assert.deepEqual(ends(await service.scrape()), {});
    });

    for (const [step, expected] of Object.entries(alike)) {
      test(`${step}: counted once, by method, status and error`, async () => {
        assert.deepEqual((await take(service, `${client}:${step}`)).ends, expected);
      });
    }

    test('a server that goes away before it has answered, or in the middle of its answer, is an error', async () => {
      assert.deepEqual((await take(service, `${client}:cut`)).ends, { [`GET – ${closed} –`]: 1 });
      assert.deepEqual((await take(service, `${client}:half`)).ends, { [`GET 200 ${closed} 1.1`]: 1 });
    });

    test('an answer that is not HTTP is an error without a status', async () => {
      const { ends, errors } = await take(service, `${client}:garbage`);
      assert.match(Object.keys(ends).join(), /^GET – (?:HPE_INVALID_CONSTANT|HTTPParserError) –$/);
      assert.equal(Object.values(errors).join(), '1');
    });

    test('a request that the service gives up is aborted, with the status that it got', async () => {
      const giveUp = () => target.holds('/never').then(() => service.step('giveUp'));
      assert.deepEqual((await take(service, `${client}:abort`, giveUp)).ends, { 'GET – aborted –': 1 });
      assert.deepEqual((await take(service, `${client}:endless`)).ends, { 'GET 200 aborted 1.1': 1 });
    });

    test('connections are active while a request is in flight, then idle, then gone', async () => {
      const become = (active: number, idle: number) =>
        until(`${active} active and ${idle} idle connections`, async () => {
          const now = connections(await service.scrapeNow());
          return now.active === active && now.idle === idle;
        });
      target.closeIdle();
      await become(0, 0);
      const held = service.step(`${client}:hold`);
      await target.holds('/hold');
      await become(1, 0);
      target.release();
      await held;
      await become(0, 1);
      target.closeIdle();
      await become(0, 0);
    });
  });
}

describe('what one client has and the others have not', () => {
  let service: Program;
  before(async () => {
    service = await start();
  });
  after(() => service.stop());

  const added: [step: string, expected: Values, what: string][] = [
    [
      'redirected',
      { 'GET 302 – 1.1': 1, 'GET 200 – 1.1': 1 },
      'each hop of a redirect that fetch follows is a request',
    ],
    ['secure', { 'GET 200 – 1.1': 1 }, 'a request over TLS'],
    ['oneConnection', { 'GET 200 – 1.1': 3 }, 'requests that wait for one connection are counted each'],
    ['withoutAgent', { 'GET 200 – 1.1': 1 }, 'a request with a connection of its own and no agent'],
    ['upgrade', { 'GET 101 – 1.1': 1 }, 'a request that becomes another protocol ends there'],
    ['undiciUpgrade', { 'GET 101 – 1.1': 1 }, 'one of undici that becomes another protocol ends there'],
    ['tunnel', { 'CONNECT 200 – 1.1': 1 }, 'a tunnel is a request that ends when it is open'],
    ['undiciTunnel', { 'CONNECT 200 – 1.1': 1 }, 'a tunnel of undici is a request that ends when it is open'],
    ['http2', { 'GET 200 – 2': 1 }, 'a request of undici over HTTP/2'],
    ['destroyedAtOnce', { 'GET – aborted –': 1 }, 'a request that is destroyed before it has a connection'],
    ['abortedAtOnce', { 'GET – aborted –': 1 }, 'a request that is aborted before it has a connection'],
    ['destroyedInTheBody', { 'GET 200 aborted 1.1': 1 }, 'a response that is destroyed while it comes in'],
    ['requestTimeout', { 'GET – ETIMEDOUT –': 1 }, 'a request that is destroyed with an error has its code'],
    ['ignored', { 'GET 200 – 1.1': 1 }, 'a response that is thrown away is read to its end'],
  ];
  for (const [step, expected, what] of added) {
    test(what, async () => {
      assert.deepEqual((await take(service, step)).ends, expected);
    });
  }

  test('a request that is destroyed while it waits for a connection ends when it would have got one', async () => {
    const release = () => target.holds('/hold').then(() => target.release());
    const { ends } = await take(service, 'destroyedWhileWaiting', release);
    assert.deepEqual(ends, { 'GET 200 – 1.1': 1, 'GET – aborted –': 1 });
  });

  test('connections that became another protocol are none of HTTP, and in the end nothing is active', async () => {
    target.closeIdle();
    await until('no connection', async () =>
      Object.values(connections(await service.scrapeNow())).every((value) => value === 0),
    );
  });

  test('a series says which server, and its duration is in seconds', async () => {
    const page = await service.scrape();
    const { port } = new URL(target.url);
    const [sample] = page.samples('http_client_request_duration_seconds_sum');
    assert.deepEqual(sample?.labels, {
      http_request_method: 'GET',
      http_response_status_code: '302',
      network_protocol_version: '1.1',
      server_address: '127.0.0.1',
      server_port: port,
      url_scheme: 'http',
    });
    assert.ok(sample.value > 0 && sample.value < 10, `${sample.value} s`);
    assert.deepEqual(page.values('http_client_request_duration_seconds_count', 'url_scheme').https, 2);
  });

  test('a service sees of its requests and of http what it sees without the agent', async (t) => {
    const bare = await start({}, []);
    t.after(() => bare.stop());
    assert.deepEqual(await service.step('seen'), await bare.step('seen'));
  });
});

test('what is measured goes on being measured when garbage has been collected', async (t) => {
  const service = await start({}, ['-r', './otel/register', '--expose-gc']);
  t.after(() => service.stop());
  await service.step('collect');
  for (const client of ['fetch', 'http']) {
    assert.deepEqual((await take(service, `${client}:ok`)).ends, { 'GET 200 – 1.1': 1 });
  }
});

test('requests to more servers than there may be series go to one series', async (t) => {
  const service = await start({ OTEL_METRICS_CARDINALITY_LIMIT: '20' });
  t.after(() => service.stop());
  await service.step('http:many');
  await service.step('fetch:many');
  const page = await service.scrape();
  const servers = page.samples('http_client_request_duration_seconds_count');
  assert.ok(servers.length <= 21, `${servers.length} series`);
  assert.equal(
    servers.reduce((sum, { value }) => sum + value, 0),
    200,
  );
  assert.ok(page.samples('http_client_open_connections').length <= 22);
});

test('what the agent itself sends is not counted', async (t) => {
  const service = await start({
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: target.url,
    OTEL_BSP_SCHEDULE_DELAY: '10',
  });
  t.after(() => service.stop());
  const { result } = await take(service, 'http:ok');
  assert.deepEqual(result, [200, 'ok']);
  await target.receives('/v1/traces');
  assert.deepEqual(ends(await service.scrape()), { 'GET 200 – 1.1': 1 });
  assert.deepEqual(connections(await service.scrape()), { active: 0, idle: 1 });
});

test('OTEL_NODE_DISABLED_INSTRUMENTATIONS switches each client off by its name', async (t) => {
  for (const [off, client] of [
    ['http', 'http'],
    ['undici', 'fetch'],
  ]) {
    const service = await start({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: `${off}` });
    t.after(() => service.stop());
    await service.step(`${client}:ok`);
    await service.step(client === 'http' ? 'fetch:ok' : 'http:ok');
    assert.deepEqual(ends(await service.scrape()), { 'GET 200 – 1.1': 1 });
  }
});
