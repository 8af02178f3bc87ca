import assert from 'node:assert/strict';
import { createServer, type RequestListener, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { ObservableCallback } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { pageFormats } from '@otel-register/exposition';
import { createScrapeHandler } from '@otel-register/listener';
import { metricsUrl, run, serviceFolder } from './support/program.ts';

// What @opentelemetry/exporter-prometheus 0.301.0 does wrong when it is scraped, beside what the listener does.

interface Sides {
  readonly stock: string;
  readonly ours: string;
}

/** Both sides over a reader of their own with one gauge; `arrived` is told of each request that is being answered. */
async function sides(t: TestContext, observe?: ObservableCallback, arrived: () => void = () => {}): Promise<Sides> {
  const stock = reader(observe);
  const read = reader(observe);
  const handler = createScrapeHandler({
    collect: async () => (await read.collect()).resourceMetrics,
    formats: pageFormats(() => {}),
    onError: () => {},
  });
  const serve = (listener: RequestListener) =>
    listening(t, (request, response) => {
      listener(request, response);
      arrived();
    });
  return {
    stock: await serve((request, response) => stock.getMetricsRequestHandler(request, response)),
    ours: await serve(handler),
  };
}

/** One that belongs to no provider where there is nothing to observe. */
function reader(observe: ObservableCallback | undefined): PrometheusExporter {
  const made = new PrometheusExporter({ preventServerStart: true });
  if (observe) new MeterProvider({ readers: [made] }).getMeter('test').createObservableGauge('g').addCallback(observe);
  return made;
}

async function listening(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://localhost:${(server.address() as AddressInfo).port}/metrics`;
}

/** Where a stock exporter would listen; to try it would take that port. */
interface StockAddress {
  readonly _host: string;
  readonly _port: number;
}

/** The same of each side. */
async function ofBoth<T>({ stock, ours }: Sides, ask: (url: string) => Promise<T>): Promise<[stock: T, ours: T]> {
  return [await ask(stock), await ask(ours)];
}

async function typeFor(url: string, accept: string) {
  const response = await fetch(url, { headers: { accept } });
  await response.arrayBuffer();
  return response.headers.get('content-type');
}

const one: ObservableCallback = (result) => result.observe(1);

test('B17 G1 G4: the type says the version, and is what was asked for', async (t) => {
  const both = await sides(t, one);
  assert.deepEqual(await ofBoth(both, (url) => typeFor(url, '*/*')), [
    'text/plain',
    'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
  ]);
  assert.deepEqual(await ofBoth(both, (url) => typeFor(url, 'application/openmetrics-text;version=1.0.0')), [
    'text/plain',
    'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores',
  ]);
  const protobuf =
    'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores';
  assert.deepEqual(await ofBoth(both, (url) => typeFor(url, protobuf)), ['text/plain', protobuf]);
});

test('B18 T12: a page is compressed for who allows it', async (t) => {
  const ask = (url: string) =>
    new Promise<[encoding: string | undefined, body: Buffer]>((resolve, reject) => {
      request(url, { headers: { 'accept-encoding': 'gzip' } }, async (response) => {
        resolve([response.headers['content-encoding'], Buffer.concat(await response.toArray())]);
      })
        .on('error', reject)
        .end();
    });
  const [[stock], [ours, body]] = await ofBoth(await sides(t, one), ask);
  assert.deepEqual([stock, ours], [undefined, 'gzip']);
  assert.match(gunzipSync(body).toString(), /^g 1$/m);
});

test('B19 T3: only GET and HEAD collect', async (t) => {
  let collections = 0;
  const both = await sides(t, (result) => {
    collections++;
    result.observe(1);
  });
  const statuses = await ofBoth(both, async (url) => {
    const response = await fetch(url, { method: 'DELETE' });
    await response.arrayBuffer();
    return response.status;
  });
  assert.deepEqual([statuses, collections], [[200, 405], 1]);
});

test('B21 T9: a callback that never ends costs the scrape its time, not for ever', async (t) => {
  const { stock, ours } = await sides(t, () => new Promise<void>(() => {}));
  const headers = { 'x-prometheus-scrape-timeout-seconds': '0.2' };
  const answer = await fetch(ours, { headers });
  assert.deepEqual([answer.status, await answer.text()], [503, 'The metrics could not be collected in time.\n']);
  await assert.rejects(fetch(stock, { headers, signal: AbortSignal.timeout(1000) }), { name: 'TimeoutError' });
});

test('B22 T10: scrapes that come at once share a collection', async (t) => {
  const collections = await Promise.all(
    (['stock', 'ours'] as const).map(async (side) => {
      let [arrived, collected] = [0, 0];
      let go: () => void = () => {};
      const allArrived = new Promise<void>((resolve) => {
        go = resolve;
      });
      const observe: ObservableCallback = async (result) => {
        collected++;
        await allArrived;
        result.observe(1);
      };
      const urls = await sides(t, observe, () => {
        if (++arrived === 20) go();
      });
      const answers = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(urls[side])).status));
      assert.deepEqual(new Set(answers), new Set([200]));
      return collected;
    }),
  );
  assert.deepEqual(collections, [20, 1]);
});

test('B23 T5 T17: a scrape that failed is not 200', async (t) => {
  const statuses = await ofBoth(await sides(t), async (url) => {
    const response = await fetch(url);
    await response.arrayBuffer();
    return response.status;
  });
  assert.deepEqual(statuses, [200, 500]);
});

test('B32 T14: a page can be asked for by name', async (t) => {
  const both = await sides(t, one);
  const [stock, ours] = await ofBoth(both, async (url) => (await fetch(`${url}?name[]=other`)).text());
  assert.deepEqual([/^g\b/m.test(stock), ours], [true, '']);
});

test('B27 B28 T2: host and port come from the environment, and port 0 is any that is free', async (t) => {
  const env = { OTEL_EXPORTER_PROMETHEUS_HOST: '127.0.0.1', OTEL_EXPORTER_PROMETHEUS_PORT: '0' };
  const folder = serviceFolder(t, { 'dist/main.js': 'setInterval(() => {}, 1000);' });
  const url = new URL(await metricsUrl(run(t, { cwd: folder, env })));
  assert.deepEqual([url.hostname, url.port === '0' || url.port === '9464'], ['127.0.0.1', false]);
  Object.assign(process.env, env);
  t.after(() => {
    for (const name of Object.keys(env)) delete process.env[name];
  });
  const stock = new PrometheusExporter({ port: 0, preventServerStart: true }) as unknown as StockAddress;
  assert.deepEqual([stock._host, stock._port], ['localhost', 9464]);
});
