import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { MERGED, pageOf } from './support/prom-client.ts';
import { until } from './support/until.ts';

let service: Program;
before(async () => {
  service = await startProgram('prom-client-callbacks.cjs', { env: MERGED });
});
after(() => service.stop());

const shownAs = (page: MetricsPage, name: string) => page.samples(name)[0]?.value;

test('a collect of prom-client that throws, rejects or hangs costs its own metric, and the page says how many did', async () => {
  const first = await pageOf(service);
  const shown = ['fine', 'fine_later', 'throwing', 'rejecting', 'hanging'].map((name) => shownAs(first, name));
  assert.deepEqual(shown, [1, 2, undefined, undefined, undefined]);
  assert.ok(first.samples('process_uptime_seconds').length > 0);
  const errors = first.values('otel_exporter_prometheus_errors_total', 'error_type');
  assert.deepEqual([errors.callback, errors.callback_timeout, errors.collection], [2, 1, 0]);
});

test('of two metrics with one name and the same labels the first stays', async () => {
  assert.deepEqual((await pageOf(service)).values('twice', 'of'), { both: 5, 'only 5': 1, 'only 6': 1 });
});

test('what is left out is said once, by its name', async () => {
  await pageOf(service);
  const said = () => Array.from(service.stderr().matchAll(/^otel: (.* prom-client.*)$/gm), ([, line]) => line);
  await until('all is said', () => said().length >= 4);
  assert.deepEqual(said().sort(), [
    "hanging of prom-client is left out: the application's callback has not come back within 800 ms",
    "rejecting of prom-client is left out: the application's callback failed: Error: no connection",
    "throwing of prom-client is left out: the application's callback failed: Error: no such table",
    'twice is in two registries of prom-client with the same labels: only the first one is told',
  ]);
});

test('a collect that hangs is called again only when it has come back, and then its metric is there', async () => {
  const before = await service.step('called');
  await pageOf(service);
  const called = await service.step('called');
  assert.deepEqual([called.fine - before.fine, called.hanging - before.hanging], [1, 0]);
  await service.step('comeBack');
  const next = pageOf(service);
  await until('the callback is called again', async () => (await service.step('called')).hanging > before.hanging);
  await service.step('comeBack');
  assert.equal(shownAs(await next, 'hanging'), 3);
});
