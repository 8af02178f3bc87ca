import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, type TestContext, test } from 'node:test';
import { freePort, throwAwayFolder } from '@payments/local-stack';
import { makeCertificate } from './support/certificates.ts';
import { type Collector, startCollector } from './support/collector.ts';
import { printedSpans } from './support/printed-spans.ts';
import { type Program, runProgram, startProgram } from './support/program.ts';
import { until, untilSaid } from './support/until.ts';

let collector: Collector;
before(async () => {
  collector = await startCollector();
});
after(() => collector?.stop());

/** A service whose spans leave soon. */
async function startTraced(t: TestContext, env: Record<string, string>): Promise<Program> {
  const service = await startProgram('hello.mjs', {
    env: { OTEL_TRACES_EXPORTER: 'otlp', OTEL_BSP_SCHEDULE_DELAY: '20', OTEL_METRIC_EXPORT_INTERVAL: '60000', ...env },
  });
  t.after(() => service.stop());
  return service;
}

/** Asks the service for something, and gives the trace that it did so in. */
async function ask({ url }: Program): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  const response = await fetch(url, { headers: { traceparent: `00-${traceId}-${'c'.repeat(16)}-01` } });
  assert.deepEqual([response.status, await response.text()], [200, 'hello']);
  return traceId;
}

/** The span of the request in that trace, once it has arrived. */
async function received({ spans }: Collector, traceId: string) {
  await until('the span arrives', async () => spans.some((span) => span.traceId === traceId));
  return spans.filter((span) => span.traceId === traceId);
}

for (const [name, url] of [
  ['OTEL_EXPORTER_OTLP_ENDPOINT', () => collector.httpUrl],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', () => `${collector.httpUrl}/v1/traces`],
] as const) {
  test(`${name} alone switches spans on, and OTEL_TRACES_EXPORTER=none off again`, async (t) => {
    await received(collector, await ask(await startTraced(t, { OTEL_TRACES_EXPORTER: '', [name]: url() })));
    const off = await startTraced(t, { OTEL_TRACES_EXPORTER: 'none', [name]: url() });
    const traceId = await ask(off);
    await off.stop();
    assert.ok(!collector.spans.some((span) => span.traceId === traceId));
  });
}

test('a variable of OTLP that is of no use is one line on stderr, and the spans are sent', async (t) => {
  const service = await startTraced(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'zip',
    OTEL_EXPORTER_OTLP_TIMEOUT: 'soon',
    OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere.pem',
  });
  await received(collector, await ask(service));
  await service.stop();
  const lines = service.stderr().match(/^otel: (?!metrics of).*$/gm);
  assert.deepEqual(lines?.map((line) => /COMPRESSION|TIMEOUT|root certificate/.exec(line)?.[0]).sort(), [
    'COMPRESSION',
    'TIMEOUT',
    'root certificate',
  ]);
});

describe('OTEL_TRACES_EXPORTER=otlp', () => {
  for (const protocol of ['http/protobuf', 'http/json', 'grpc'] as const) {
    test(`sends spans by OTEL_EXPORTER_OTLP_PROTOCOL=${protocol} to OTEL_EXPORTER_OTLP_ENDPOINT`, async (t) => {
      const service = await startTraced(t, {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl,
        OTEL_SERVICE_NAME: 'greeter',
        OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      });
      const [span, ...more] = await received(collector, await ask(service));
      assert.deepEqual(more, []);
      assert.equal(span?.name, 'GET');
      assert.equal(span?.kind, 2, 'a span of a server');
      assert.equal(span?.parentSpanId, 'c'.repeat(16));
      assert.equal(span?.attributes['http.response.status_code'], 200);
      assert.equal(span?.resource['service.name'], 'greeter');
      assert.equal(span?.resource['deployment.environment.name'], 'test');
    });
  }

  test('takes the path, the headers and the compression that the standard variables name', async (t) => {
    const service = await startTraced(t, {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.httpUrl}/of/my/own`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=blue',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    });
    await received(collector, await ask(service));
    const request = collector.requests.findLast(({ path }) => path === '/of/my/own');
    assert.equal(request?.headers['x-tenant'], 'blue');
    assert.equal(request?.headers['content-encoding'], 'gzip');
  });

  for (const protocol of ['http/protobuf', 'http/json', 'grpc'] as const) {
    test(`sends spans by ${protocol} over TLS, to a collector that has and asks for certificates`, async (t) => {
      const folder = throwAwayFolder();
      t.after(() => folder.remove());
      const files = await makeCertificate(folder.path, 'collector');
      const own = await startCollector(0, files);
      t.after(() => own.stop());
      const service = await startTraced(t, {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: protocol === 'grpc' ? own.grpcUrl : own.httpUrl,
        OTEL_EXPORTER_OTLP_CERTIFICATE: files.certificate,
        OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE: files.certificate,
        OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY: files.key,
      });
      await received(own, await ask(service));
    });
  }

  test('speaks gRPC without TLS where OTEL_EXPORTER_OTLP_INSECURE says so, and the endpoint says nothing', async (t) => {
    const service = await startTraced(t, {
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_ENDPOINT: new URL(collector.grpcUrl).host,
      OTEL_EXPORTER_OTLP_INSECURE: 'true',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    });
    await received(collector, await ask(service));
  });

  test('with console beside it: every span goes to both', async (t) => {
    const service = await startTraced(t, {
      OTEL_TRACES_EXPORTER: 'otlp,console',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    });
    const traceId = await ask(service);
    await received(collector, traceId);
    await until('it is printed', async () => printedSpans(service.stdout()).some((span) => span.traceId === traceId));
  });

  for (const [protocol, url] of [
    ['http/protobuf', () => collector.httpUrl],
    ['grpc', () => collector.grpcUrl],
  ] as const) {
    test(`what is sent by ${protocol} is no traffic of the service: it makes no series and no span`, async (t) => {
      const service = await startTraced(t, {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: url(),
      });
      await received(collector, await ask(service));
      // The export of the first would have been a span of the second.
      const [span, ...more] = await received(collector, await ask(service));
      assert.equal(span?.name, 'GET');
      assert.deepEqual(more, []);
      const { port } = new URL(url());
      const page = await (await fetch(await service.metricsUrl())).text();
      assert.doesNotMatch(page, new RegExp(`server_port="${port}"`));
      assert.ok(!collector.spans.some(({ attributes }) => attributes['server.port'] === Number(port)));
    });
  }
});

for (const name of ['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']) {
  test(`${name} without a scheme is one line at start for each of what is not sent there`, async (t) => {
    const service = await startTraced(t, { [name]: 'collector:4318', OTEL_METRICS_EXPORTER: 'otlp' });
    await ask(service);
    await service.stop();
    const why = 'the service runs on: the endpoint "collector:4318" does not begin with http:// or https://';
    const lines = [`otel: spans are not sent by OTLP over http/protobuf, ${why}`];
    if (name === 'OTEL_EXPORTER_OTLP_ENDPOINT') lines.unshift(`otel: metrics are not sent, ${why}`);
    const said = service.stderr().match(/^otel: .* are not sent.*$/gm);
    assert.deepEqual(said?.sort(), lines);
  });
}

describe('a collector that is', () => {
  const faults: Record<string, Collector['refuse']> = {
    overloaded: (response) => void response.writeHead(503).end(),
    throttling: (response) => void response.writeHead(429, { 'retry-after': '1' }).end(),
    'answering with nonsense': (response) => void response.writeHead(200).end('<html>'),
    'hanging up': (response) => void response.socket?.destroy(),
  };
  for (const [fault, refuse] of Object.entries(faults)) {
    test(`${fault} costs the service nothing, and has the spans of later requests when it has recovered`, async (t) => {
      const own = await startCollector();
      t.after(() => own.stop());
      const service = await startTraced(t, { OTEL_EXPORTER_OTLP_ENDPOINT: own.httpUrl });
      own.refuse = refuse;
      await ask(service);
      await until('it was asked', async () => own.requests.length > 0);
      await ask(service);
      await until('it was asked again', async () => own.requests.length > 1);
      own.refuse = undefined;
      await received(own, await ask(service));
      await service.stop();
      const lines = service.stderr().match(/^otel: (?!metrics of).*$/gm) ?? [];
      const kinds = lines.map((line) => /cannot be sent|are sent|not OTLP/.exec(line)?.[0]);
      assert.deepEqual(kinds, [...new Set(kinds)], 'each is said once');
    });
  }

  test('answering in another encoding is one line, and what was sent counts as arrived', async (t) => {
    const own = await startCollector();
    t.after(() => own.stop());
    own.refuse = (response) => void response.writeHead(200).end('{"partialSuccess":{}}');
    const service = await startTraced(t, { OTEL_EXPORTER_OTLP_ENDPOINT: own.httpUrl });
    await ask(service);
    await untilSaid(service, /taken to have arrived/);
    const lines = service.stderr().trimEnd().split('\n');
    assert.match(
      lines.pop() ?? '',
      /^otel: what was sent by OTLP was answered with success and a body that is not OTLP .* taken to have arrived$/,
    );
    assert.match(lines.join('\n'), /^otel: metrics of .*$/, 'and no other');
    const counts = (await service.scrapeNow()).values('otel_sdk_exporter_span_exported_total', 'error_type');
    assert.deepEqual(counts, { '–': 1 });
  });

  test('hanging makes the queue full: what is dropped is counted, and nothing waits without a bound', async (t) => {
    const own = await startCollector();
    t.after(() => own.stop());
    const service = await startTraced(t, {
      OTEL_EXPORTER_OTLP_ENDPOINT: own.httpUrl,
      OTEL_EXPORTER_OTLP_TIMEOUT: '1000',
      OTEL_BSP_MAX_QUEUE_SIZE: '5',
    });
    own.refuse = () => {};
    const count = async (metric: string) => (await service.scrapeNow()).values(metric, 'error_type');
    let asked = 0;
    await until('spans are dropped', async () => {
      await ask(service);
      asked++;
      return ((await count('otel_sdk_processor_span_processed_total')).queue_full ?? 0) >= 3;
    });
    own.refuse = undefined;
    await until('all others have left the queue, and arrived or failed', async () => {
      const { '–': left = 0, queue_full: dropped = 0 } = await count('otel_sdk_processor_span_processed_total');
      const sent = Object.values(await count('otel_sdk_exporter_span_exported_total')).reduce((a, b) => a + b, 0);
      return left + dropped === asked && sent === left;
    });
    const { '–': arrived } = await count('otel_sdk_exporter_span_exported_total');
    assert.equal(own.spans.length, arrived);
  });

  for (const delay of ['0', '600000']) {
    test(`hanging does not keep a process alive that has nothing else to do (OTEL_BSP_SCHEDULE_DELAY=${delay})`, async (t) => {
      const own = await startCollector();
      t.after(() => own.stop());
      own.refuse = () => {};
      const ended = await runProgram('one-request.cjs', {
        env: {
          OTEL_TRACES_EXPORTER: 'otlp',
          OTEL_EXPORTER_OTLP_ENDPOINT: own.httpUrl,
          // What waits for the collector waits for ten minutes.
          OTEL_EXPORTER_OTLP_TIMEOUT: '600000',
          OTEL_BSP_EXPORT_TIMEOUT: '600000',
          OTEL_BSP_SCHEDULE_DELAY: delay,
        },
      });
      assert.deepEqual([ended.code, ended.signal, ended.stdout], [0, null, 'done\n']);
      await until('it was asked', () => own.requests.length > 0);
      assert.match(ended.stderr, /^otel: the last spans were not taken within 2 s and are lost$/m);
    });
  }

  test('away costs the service nothing, and one line; its spans arrive when it is back', async (t) => {
    const port = await freePort();
    const service = await startTraced(t, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` });
    for (let request = 0; request < 3; request++) await ask(service);
    await untilSaid(service, /^otel: .*ECONNREFUSED/m);
    const back = await startCollector(port);
    t.after(() => back.stop());
    await received(back, await ask(service));
    assert.equal(service.stderr().match(/^otel: .*ECONNREFUSED/gm)?.length, 1);
  });
});
