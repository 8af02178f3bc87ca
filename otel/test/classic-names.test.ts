import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CLASSIC_NAMES } from '../src/classic-names.ts';
import { HELLO, metricsUrl, pageWith, run, serviceFolder } from './support/program.ts';

async function pageOf(service: ReturnType<typeof run>): Promise<string> {
  const [, port] = await service.until(/service on (\d+)/);
  for (const method of ['GET', 'GET', 'POST']) await (await fetch(`http://localhost:${port}/`, { method })).text();
  return pageWith(await metricsUrl(service), /^http_server_requests_total\{http_request_method="POST",.*\} 1$/m);
}

test("OTEL_METRICS_CLASSIC_NAMES=true shows the same measurements under prom-client's names too", async (t) => {
  const cwd = serviceFolder(t, { 'dist/main.js': `${HELLO}\nglobal.gc();` });
  const args = ['--expose-gc', '-r', './otel/register', 'dist/main.js'];
  const service = run(t, { cwd, args, env: { OTEL_METRICS_CLASSIC_NAMES: 'true' } });
  await pageOf(service);
  // Node.js tells of garbage collections a little later.
  const page = await pageWith(await metricsUrl(service), /^nodejs_gc_duration_seconds_count\{kind="major"\} [1-9]/m);
  const sample = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(page)?.[1];
  assert.equal(sample('http_requests_total\\{method="GET",status="200"\\}'), '2');
  assert.equal(sample('http_request_duration_seconds_count\\{method="POST",status="200"\\}'), '1');
  assert.equal(sample('http_request_duration_seconds_bucket\\{method="GET",status="200",le="10"\\}'), '2');
  const [user = 0, system = 0, both = 0] = ['user_', 'system_', ''].map((mode) =>
    Number(sample(`process_cpu_${mode}seconds_total`)),
  );
  assert.ok(Math.abs(user + system - both) < 1e-9);
  assert.equal(sample('process_resident_memory_bytes'), sample('process_memory_usage_bytes'));
  const names = page.match(/(?<=^# TYPE )\S+/gm) ?? [];
  assert.deepEqual(names, [...new Set(names)]);
});

test('exponential histograms have their classic names too', async (t) => {
  const page = await pageOf(
    run(t, {
      cwd: serviceFolder(t, { 'dist/main.js': HELLO }),
      env: {
        OTEL_METRICS_CLASSIC_NAMES: 'true',
        OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram',
      },
    }),
  );
  assert.match(page, /^http_request_duration_seconds_count\{method="GET",status="200"\} 2$/m);
});

test('without it none of them is there', async (t) => {
  const page = await pageOf(run(t, { cwd: serviceFolder(t, { 'dist/main.js': HELLO }) }));
  const classic = CLASSIC_NAMES.map(({ name }) => name).filter((name) =>
    new RegExp(`^# TYPE ${name}(_|$)`, 'm').test(page),
  );
  // Prefixes of our own names: process_cpu of process_cpu_time_seconds_total.
  assert.deepEqual(classic, ['process_cpu']);
});
