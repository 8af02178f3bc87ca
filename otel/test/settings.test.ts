import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { readConfig } from '../src/environment.ts';
import { SPAN_INSTRUMENTATIONS } from '../src/instrumentation-names.ts';
import { SETTINGS } from '../src/settings.ts';
import { HELLO, metricsUrl, pageWith, run, serviceFolder } from './support/program.ts';

test('every variable has a default, and an empty one counts as unset', () => {
  const warnings: string[] = [];
  const empty = Object.fromEntries(Object.keys(SETTINGS).map((name) => [name, '  ']));
  assert.deepEqual(
    readConfig(empty, (message) => warnings.push(message)),
    readConfig({}, assert.fail),
  );
  assert.deepEqual(warnings, []);
});

for (const [name, value, message] of [
  ['OTEL_SDK_DISABLED', 'yes', 'OTEL_SDK_DISABLED="yes" is not true or false; using false instead'],
  [
    'OTEL_METRICS_EXPORTER',
    'statsd',
    'OTEL_METRICS_EXPORTER="statsd" is not a list of prometheus, otlp, console, none; using prometheus instead',
  ],
  [
    'OTEL_TRACES_EXPORTER',
    'otlp,jaeger',
    'OTEL_TRACES_EXPORTER="otlp,jaeger" is not a list of otlp, console, none; using otlp instead',
  ],
  [
    'OTEL_TRACES_EXPORTER',
    'zipkin',
    'OTEL_TRACES_EXPORTER="zipkin" is not a list of otlp, console, none; using none instead',
  ],
  [
    'OTEL_TRACES_SAMPLER',
    'jaeger_remote',
    'OTEL_TRACES_SAMPLER="jaeger_remote" is not one of always_on, always_off, traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio; using parentbased_always_on instead',
  ],
  ['OTEL_TRACES_SAMPLER_ARG', '1%', 'OTEL_TRACES_SAMPLER_ARG="1%" is not a number from 0 to 1; using 1 instead'],
  [
    'OTEL_PROPAGATORS',
    'xray,B3',
    'OTEL_PROPAGATORS="xray,B3" is not a list of tracecontext, baggage, b3, b3multi, sentry, none; using b3 instead',
  ],
  [
    'OTEL_PROPAGATORS',
    'ottrace',
    'OTEL_PROPAGATORS="ottrace" is not a list of tracecontext, baggage, b3, b3multi, sentry, none; using tracecontext,baggage, and sentry with SENTRY_DSN instead',
  ],
  [
    'SENTRY_DSN',
    'https://sentry.io/2',
    'SENTRY_DSN="https://sentry.io/2" is not a project\'s DSN, such as https://<key>@o1.ingest.sentry.io/2; using none instead',
  ],
  ['SENTRY_TRACES_SAMPLE_RATE', '10%', 'SENTRY_TRACES_SAMPLE_RATE="10%" is not a number from 0 to 1; using 0 instead'],
  [
    'OTEL_EXPORTER_PROMETHEUS_PORT',
    '65536',
    'OTEL_EXPORTER_PROMETHEUS_PORT="65536" is not a port from 0 to 65535; using 9464 instead',
  ],
  [
    'OTEL_EXPORTER_PROMETHEUS_SAME_PORT',
    'maybe',
    'OTEL_EXPORTER_PROMETHEUS_SAME_PORT="maybe" is not one of off, on, open; using off instead',
  ],
  [
    'OTEL_METRICS_CARDINALITY_LIMIT',
    '0',
    'OTEL_METRICS_CARDINALITY_LIMIT="0" is not a whole number from 1 to 1000000; using 2000 instead',
  ],
  [
    'OTEL_NODE_DISABLED_INSTRUMENTATIONS',
    'pg,redsi',
    'OTEL_NODE_DISABLED_INSTRUMENTATIONS="pg,redsi" is not a list of instrumentations, such as http,pg,ioredis; using pg instead',
  ],
  [
    'OTEL_CACHE_NAME_PATTERNS',
    'session:*=sessions,user:*',
    'OTEL_CACHE_NAME_PATTERNS="session:*=sessions,user:*" is not a list of pattern=name pairs, such as session:*=sessions,user:*:profile=profiles; using none instead',
  ],
  [
    'OTEL_CONFIG_FILE',
    'otel.yaml',
    'OTEL_CONFIG_FILE="otel.yaml" is not read: there are no configuration files here; using the other variables instead',
  ],
  [
    'OTEL_LOG_LEVEL',
    'loud',
    'OTEL_LOG_LEVEL="loud" is not one of none, error, warn, info, debug, verbose, all; using info instead',
  ],
  [
    'OTEL_RESOURCE_ATTRIBUTES',
    'region',
    'OTEL_RESOURCE_ATTRIBUTES="region" is not a list of key=value pairs with percent-encoded values; using none instead',
  ],
] as const) {
  test(`${name}=${value} is one line with variable, value and what is used instead`, async (t) => {
    const { code, stdout, stderr } = await run(t, {
      cwd: serviceFolder(t, { 'dist/main.js': 'setTimeout(() => console.log("ran"), 50)' }),
      env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0', [name]: value },
    }).ended;
    assert.deepEqual([code, stdout], [0, 'ran\n']);
    assert.equal(stderr.split('\n')[0], `otel: ${message}`);
    assert.equal(stderr.match(new RegExp(name, 'g'))?.length, 1);
  });
}

test('the instrumentations that the variables know are those of the package that makes the spans', () => {
  const entry = require.resolve('@opentelemetry/auto-instrumentations-node');
  const { dependencies } = JSON.parse(readFileSync(path.join(entry, '../../package.json'), 'utf8'));
  const prefix = '@opentelemetry/instrumentation-';
  const names = Object.keys(dependencies).flatMap((name) => (name.startsWith(prefix) ? name.slice(prefix.length) : []));
  assert.deepEqual([...SPAN_INSTRUMENTATIONS].sort(), names.sort());
});

test('OTEL_SDK_DISABLED=true loads nothing of the agent and says nothing', async (t) => {
  const program = 'console.log(Symbol.for("otel-register.loaded") in globalThis)';
  const { stdout, stderr } = await run(t, {
    cwd: serviceFolder(t, { 'dist/main.js': program }),
    env: { OTEL_SDK_DISABLED: 'TRUE' },
  }).ended;
  assert.deepEqual([stdout, stderr], ['false\n', '']);
});

test('OTEL_SERVICE_NAME wins over service.name in OTEL_RESOURCE_ATTRIBUTES, and that over the nearest package.json', async (t) => {
  const cwd = serviceFolder(t, {
    'dist/main.js': HELLO,
    'dist/package.json': '{"type":"commonjs"}',
    'package.json': '{"name":"from-package"}',
  });
  const attributes = {
    OTEL_RESOURCE_ATTRIBUTES: 'service.name=from-attributes,deployment.environment.name=test%20bed',
  };
  for (const [env, name] of [
    [{}, 'from-package'],
    [attributes, 'from-attributes'],
    [{ ...attributes, OTEL_SERVICE_NAME: 'from-variable' }, 'from-variable'],
  ] as const) {
    const service = run(t, { cwd, env });
    const page = await (await fetch(await metricsUrl(service))).text();
    const target = /^target_info\{(.*)\} 1$/m.exec(page)?.[1] ?? '';
    assert.ok(target.includes(`service_name="${name}"`), target);
    assert.equal(target.includes('deployment_environment_name="test bed"'), 'OTEL_RESOURCE_ATTRIBUTES' in env);
    assert.doesNotMatch(target, /process_|host_/);
  }
});

test('OTEL_METRICS_EXPORTER=none listens nowhere and measures nothing', async (t) => {
  const program = `
    require('node:http').createServer(() => {}).listen(0, function () {
      console.log(process.getActiveResourcesInfo().filter((name) => name === 'TCPServerWrap').length);
      process.exit();
    });`;
  const { stdout, stderr } = await run(t, {
    cwd: serviceFolder(t, { 'dist/main.js': program }),
    env: { OTEL_METRICS_EXPORTER: 'none' },
  }).ended;
  assert.deepEqual([stdout, stderr], ['1\n', '']);
});

test("OTEL_EXPORTER_PROMETHEUS_SAME_PORT=open answers /metrics on the service's own port, and nothing else changes", async (t) => {
  const service = run(t, {
    cwd: serviceFolder(t, { 'dist/main.js': HELLO }),
    env: { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' },
  });
  const [, port] = await service.until(/service on (\d+)/);
  for (const path of ['/metrics/', '/metricsx', '/METRICS', '/x/metrics', '/']) {
    assert.equal(await (await fetch(`http://localhost:${port}${path}`)).text(), 'hello', path);
  }
  await pageWith(`http://localhost:${port}/metrics?x=1`, /^http_server_requests_total\{.*\} 5$/m);
  const post = await fetch(`http://localhost:${port}/metrics`, { method: 'POST', body: 'x' });
  assert.equal(await post.text(), 'hello');
});

test('OTEL_EXPORTER_PROMETHEUS_SAME_PORT=on is off, and says so, until it is said for whom', async (t) => {
  const cwd = serviceFolder(t, { 'dist/main.js': HELLO });
  const start = async (env: Record<string, string>) => {
    const service = run(t, { cwd, env: { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'on', ...env } });
    const [, port] = await service.until(/service on (\d+)/);
    await metricsUrl(service);
    return { text: await (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), stderr: service.output.stderr };
  };
  const nobody = await start({});
  assert.equal(nobody.text, 'hello');
  assert.match(
    nobody.stderr,
    /^otel: OTEL_EXPORTER_PROMETHEUS_SAME_PORT=on says not for whom: .*; using off instead\n/,
  );
  const somebody = await start({ OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES: '127.0.0.1' });
  assert.match(somebody.text, /^target_info/m);
});

test("without it, /metrics on the service's port is the service's", async (t) => {
  const service = run(t, { cwd: serviceFolder(t, { 'dist/main.js': HELLO }) });
  const [, port] = await service.until(/service on (\d+)/);
  assert.equal(await (await fetch(`http://localhost:${port}/metrics`)).text(), 'hello');
});

test('OTEL_LOG_LEVEL=none says nothing at all, debug goes to stderr and never to stdout', async (t) => {
  const cwd = serviceFolder(t, { 'dist/main.js': 'setTimeout(() => {}, 50)' });
  const quiet = await run(t, { cwd, env: { OTEL_LOG_LEVEL: 'none', OTEL_METRICS_CARDINALITY_LIMIT: 'x' } }).ended;
  assert.deepEqual([quiet.stdout, quiet.stderr], ['', '']);
  const loud = await run(t, { cwd, env: { OTEL_LOG_LEVEL: 'debug', OTEL_TRACES_EXPORTER: 'otlp' } }).ended;
  assert.equal(loud.stdout, '');
  assert.match(loud.stderr, /otel: @opentelemetry\/api: Registered a global for trace/);
});
