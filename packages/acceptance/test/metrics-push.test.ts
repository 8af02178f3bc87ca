import assert from 'node:assert/strict';
import { after, before, describe, type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { freePort } from '@payments/local-stack';
import { get, send } from './support/cluster-traffic.ts';
import { type Collector, startCollector } from './support/collector.ts';
import type { MetricsPage } from './support/metrics-page.ts';
import { asOnAPage, type ReceivedPoint, seriesKey } from './support/otlp-metrics.ts';
import { runProgram, startProgram } from './support/program.ts';
import { until, untilSaid } from './support/until.ts';

let collector: Collector;
before(async () => {
  collector = await startCollector();
});
after(() => collector?.stop());

/** The endpoint of a collector alone is enough for spans. */
const ONLY_METRICS = { OTEL_METRICS_EXPORTER: 'otlp', OTEL_TRACES_EXPORTER: 'none' };

/** A service whose metrics leave soon, to a collector that no other test has. */
async function startPushing(t: TestContext, env: Record<string, string> = {}, program = 'hello.mjs') {
  const own = await startCollector();
  const service = await startProgram(program, {
    env: {
      ...ONLY_METRICS,
      OTEL_EXPORTER_OTLP_ENDPOINT: env.OTEL_EXPORTER_OTLP_PROTOCOL === 'grpc' ? own.grpcUrl : own.httpUrl,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
      ...env,
    },
  });
  t.after(async () => {
    own.refuse = undefined;
    await service.stop();
    await own.stop();
  });
  return { own, service };
}

async function ask(url: string, times = 1): Promise<void> {
  for (let i = 0; i < times; i++) assert.ok((await fetch(url)).ok);
}

const requestsIn = (points: readonly ReceivedPoint[] = []) =>
  points.filter(({ name }) => name === 'http.server.requests').reduce((sum, { value }) => sum + value, 0);

/** What is there of a service that has answered so many requests. */
async function afterRequests({ metrics }: Collector, requests: number): Promise<ReceivedPoint[]> {
  await until(`${requests} requests arrive`, async () => requestsIn(metrics.at(-1)) === requests);
  return metrics.at(-1) ?? [];
}

/** By series, all of a page that has to do with the service's requests. */
function ofRequests(page: MetricsPage): Map<string, number> {
  const samples = Array.from(page.families.values()).flatMap((family) => family.samples);
  const wanted = samples.filter(({ name }) => /^http_server_re/.test(name));
  return new Map(wanted.map(({ name, labels, value }) => [seriesKey(name, Object.entries(labels)), value]));
}

describe('OTEL_METRICS_EXPORTER=otlp', () => {
  for (const protocol of ['http/protobuf', 'http/json', 'grpc'] as const) {
    test(`with prometheus beside it: a collector is sent by ${protocol} the numbers of the page`, async (t) => {
      const { own, service } = await startPushing(t, {
        OTEL_METRICS_EXPORTER: 'otlp,prometheus',
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      });
      await ask(service.url, 7);
      const points = await afterRequests(own, 7);
      const pushed = asOnAPage(points.filter(({ name }) => /^http\.server\.re/.test(name)));
      assert.deepEqual(new Map([...pushed].sort()), new Map([...ofRequests(await service.scrape())].sort()));
      const page = await service.scrapeNow();
      assert.equal(
        page.values('http_client_request_duration_seconds_count', 'server_port')[new URL(own.httpUrl).port],
        undefined,
      );
      assert.ok((page.values('otel_sdk_exporter_metric_data_point_exported_total', 'error_type')['–'] ?? 0) > 0);
    });
  }

  test('alone, there is no page, and every probe is in what is sent', async (t) => {
    const { own, service } = await startPushing(t);
    await ask(service.url);
    const names = new Set((await afterRequests(own, 1)).map(({ name }) => name));
    for (const name of ['http.server.request.duration', 'process.cpu.time', 'v8js.memory.heap.used']) {
      assert.ok(names.has(name), name);
    }
    assert.deepEqual(
      [...names].filter((name) => name.startsWith('otel.exporter.prometheus')),
      [],
    );
    await service.stop();
    assert.match(service.stderr(), /^otel: metrics are sent by OTLP over http\/protobuf every 0\.1 s\n$/);
  });

  test('takes the path, the headers, the compression and the protocol that the variables for metrics name', async (t) => {
    const { own } = await startPushing(t, {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.httpUrl}/my/metrics`,
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-tenant=blue',
      OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: 'gzip',
    });
    const request = () => collector.requests.find(({ path }) => path === '/my/metrics');
    await until('metrics arrive', async () => request() !== undefined && collector.metrics.length > 0);
    const { 'x-tenant': tenant, 'content-encoding': encoding, 'content-type': type } = request()?.headers ?? {};
    assert.deepEqual([tenant, encoding, type], ['blue', 'gzip', 'application/json']);
    assert.deepEqual(own.requests, []);
  });

  test('two replicas are told apart by service.instance.id, and nothing is said of the machine', async (t) => {
    const instances = [];
    for (const _ of [1, 2]) {
      const { own, service } = await startPushing(t, { OTEL_SERVICE_NAME: 'greeter' });
      await ask(service.url);
      const [first] = await afterRequests(own, 1);
      const resource = first?.resource ?? {};
      assert.deepEqual(Object.keys(resource).sort(), [
        'service.instance.id',
        'service.name',
        'telemetry.sdk.language',
        'telemetry.sdk.name',
        'telemetry.sdk.version',
      ]);
      assert.equal(resource['service.name'], 'greeter');
      instances.push(resource['service.instance.id']);
    }
    assert.equal(new Set(instances).size, 2);
  });

  test('service.instance.id of OTEL_RESOURCE_ATTRIBUTES is what the service is known by', async (t) => {
    const { own, service } = await startPushing(t, { OTEL_RESOURCE_ATTRIBUTES: 'service.instance.id=ns.pod.app' });
    await ask(service.url);
    assert.equal((await afterRequests(own, 1))[0]?.resource['service.instance.id'], 'ns.pod.app');
  });

  for (const given of ['', 'service.instance.id=ns.pod.app']) {
    test(`each process of a cluster sends its own numbers, under its own name (${given || 'none given'})`, async (t) => {
      const { own, service } = await startPushing(
        t,
        { OTEL_METRICS_EXPORTER: 'otlp,prometheus', OTEL_RESOURCE_ATTRIBUTES: given },
        'cluster.cjs',
      );
      await send(service.url, 60);
      const byInstance = () => {
        const latest = own.metrics.map((points): [unknown, ReceivedPoint[]] => [
          points[0]?.resource['service.instance.id'],
          points,
        ]);
        return new Map(latest.map(([instance, points]) => [instance, requestsIn(points)]));
      };
      const sum = () => [...byInstance().values()].reduce((a, b) => a + b, 0);
      await until('60 requests arrive', async () => sum() === 60);
      assert.equal(byInstance().size, 5, 'the primary and four workers');
      const page = await get(await service.metricsUrl());
      assert.match(page, /^http_server_requests_total\{.*\} 60$/m, 'the page has them all');
    });
  }

  for (const preference of ['cumulative', 'delta']) {
    test(`what worker threads do is in what their process sends, also when they are gone (${preference})`, async (t) => {
      const { own, service } = await startPushing(
        t,
        { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: preference, OTEL_METRIC_EXPORT_INTERVAL: '1000' },
        'worker-threads.cjs',
      );
      const arrive = (requests: number) =>
        until(`${requests} requests arrive`, async () => {
          const points = preference === 'delta' ? own.metrics.flat() : own.metrics.at(-1);
          return requestsIn(points) === requests;
        });
      await ask(await service.step('start'), 5);
      await ask(await service.step('start'), 6);
      await arrive(2 + 11);
      assert.equal(await service.step('finish'), 0);
      await arrive(3 + 11);
      const points = own.metrics.flat();
      assert.equal(new Set(points.map(({ resource }) => resource['service.instance.id'])).size, 1);
      const temporalities = points.flatMap(({ name, temporality }) =>
        name === 'http.server.requests' ? (temporality ?? []) : [],
      );
      assert.deepEqual([...new Set(temporalities)], [preference]);
    });
  }

  for (const preference of ['delta', 'lowmemory'] as const) {
    test(`OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=${preference}: what comes adds up to what was asked`, async (t) => {
      const { own, service } = await startPushing(t, {
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: preference,
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
      });
      for (let round = 1; round <= 3; round++) {
        await ask(service.url, round);
        const sent = (round * (round + 1)) / 2;
        await until('they arrive', async () => requestsIn(own.metrics.flat()) === sent);
      }
      const temporalities = new Map(own.metrics.flat().map(({ name, temporality }) => [name, temporality]));
      assert.deepEqual(
        ['http.server.requests', 'http.server.request.duration', 'http.server.active_requests', 'process.cpu.time'].map(
          (name) => temporalities.get(name),
        ),
        ['delta', 'delta', 'cumulative', preference === 'delta' ? 'delta' : 'cumulative'],
      );
      const ofDuration = own.metrics.flat().filter(({ name }) => name === 'http.server.request.duration');
      for (const [index, { start }] of ofDuration.entries()) {
        if (index > 0) assert.equal(start, ofDuration[index - 1]?.time, 'one begins where the other ends');
      }
    });
  }

  test('a process that ends, by itself or by a signal, has sent what it counted last', async (t) => {
    const own = await startCollector();
    t.after(() => own.stop());
    const env = { ...ONLY_METRICS, OTEL_EXPORTER_OTLP_ENDPOINT: own.httpUrl };
    const ended = await runProgram('one-request.cjs', { env });
    assert.deepEqual([ended.code, ended.signal, ended.stdout], [0, null, 'done\n']);
    assert.equal(requestsIn(own.metrics.at(-1)), 1);
    const service = await startProgram('hello.mjs', { env });
    await ask(service.url, 3);
    const { signal } = await service.stop();
    assert.equal(signal, 'SIGTERM');
    assert.equal(requestsIn(own.metrics.at(-1)), 3);
  });

  test('exponential histograms are sent where they are asked for', async (t) => {
    const { own, service } = await startPushing(t, {
      OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
    });
    await ask(service.url, 3);
    const points = await afterRequests(own, 3);
    const ofDuration = points.filter(({ name }) => name === 'http.server.request.duration');
    assert.deepEqual(
      ofDuration.map(({ kind, value }) => [kind, value]),
      [['exponentialHistogram', 3]],
    );
  });

  test("the application's own metrics are sent as well", async (t) => {
    const { own, service } = await startPushing(t, {}, 'application-metrics.cjs');
    await service.step('').catch(() => {});
    await until('they arrive', async () => own.metrics.length > 0);
    const jobs = own.metrics.at(-1)?.filter(({ name }) => name === 'jobs.done') ?? [];
    assert.deepEqual(jobs.map(({ value }) => value).sort(), [3, 4, 5]);
  });
});

test('OTEL_METRICS_EXPORTER=console prints them to stdout, where the standard says, with the numbers of the service', async (t) => {
  const { service } = await startPushing(t, { OTEL_METRICS_EXPORTER: 'console' });
  await ask(service.url, 2);
  const printed = () =>
    Array.from(service.stdout().matchAll(/name: 'http\.server\.requests'[\s\S]*?value: (\d+)/g), ([, value]) => value);
  await until('they are printed', async () => isDeepStrictEqual(printed().at(-1), '2'));
});

describe('a collector that is', () => {
  const faults: Record<string, Collector['refuse']> = {
    overloaded: (response) => void response.writeHead(503).end(),
    throttling: (response) => void response.writeHead(429, { 'retry-after': '1' }).end(),
    'refusing what it is sent': (response) => void response.writeHead(400).end('<html>'),
    'hanging up': (response) => void response.socket?.destroy(),
    'not answering': () => {},
  };
  for (const [fault, refuse] of Object.entries(faults)) {
    test(`${fault} costs the service nothing and two lines, and has all numbers when it has recovered`, async (t) => {
      const { own, service } = await startPushing(t, {
        OTEL_METRICS_EXPORTER: 'otlp,prometheus',
        // Of which each is there once: what does not arrive would be missing.
        OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
        OTEL_METRIC_EXPORT_INTERVAL: '1000',
      });
      await ask(service.url);
      const arrived = () => requestsIn(own.metrics.flat());
      await until('one arrives', async () => arrived() === 1);
      own.refuse = refuse;
      await ask(service.url, 2);
      await until('it was tried in vain', async () => {
        const page = await service.scrapeNow();
        const counted = page.values('otel_sdk_exporter_metric_data_point_exported_total', 'error_type');
        return Object.entries(counted).some(([type, points]) => type !== '–' && points > 0);
      });
      await ask(service.url, 4);
      own.refuse = undefined;
      await until('all arrive', async () => arrived() === 7);
      await untilSaid(service, / again\n/);
      const said = service.stderr().split('\n');
      const lines = said.filter((line) => /OTLP/.test(line)).slice(1);
      assert.match(
        lines.join('\n'),
        /^otel: metrics cannot be sent by OTLP over http\/protobuf: .+\notel: metrics are sent by OTLP over http\/protobuf again$/,
      );
    });
  }

  test('answering with nonsense is one line', async (t) => {
    const { own, service } = await startPushing(t);
    own.refuse = (response) => void response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end('<html>');
    await until('it has answered often', () => own.requests.length > 5);
    own.refuse = undefined;
    await service.stop();
    assert.equal(service.stderr().match(/is taken to have arrived/g)?.length, 1, service.stderr());
  });

  test('away when the service starts is one line, and has the numbers when it is there', async (t) => {
    const port = await freePort();
    const service = await startProgram('hello.mjs', {
      env: {
        ...ONLY_METRICS,
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_METRIC_EXPORT_INTERVAL: '200',
      },
    });
    t.after(() => service.stop());
    await ask(service.url, 3);
    await untilSaid(service, /cannot be sent/);
    const back = await startCollector(port);
    t.after(() => back.stop());
    await afterRequests(back, 3);
    assert.equal(service.stderr().match(/cannot be sent/g)?.length, 1);
  });

  test('hanging holds up the end of a process for two seconds at most, and one line says what is lost', async (t) => {
    const own = await startCollector();
    t.after(() => own.stop());
    own.refuse = () => {};
    const env = {
      ...ONLY_METRICS,
      OTEL_EXPORTER_OTLP_ENDPOINT: own.httpUrl,
      OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
      OTEL_METRIC_EXPORT_TIMEOUT: '600000',
      OTEL_METRIC_EXPORT_INTERVAL: '600000',
    };
    const ended = await runProgram('one-request.cjs', { env });
    assert.deepEqual([ended.code, ended.signal, ended.stdout], [0, null, 'done\n']);
    assert.match(ended.stderr, /^otel: the last metrics were not taken within 2 s and are lost$/m);
    await until('it was asked', () => own.requests.length > 0);
    assert.equal(own.requests.length, 1);
  });
});
