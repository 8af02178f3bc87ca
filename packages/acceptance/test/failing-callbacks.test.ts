import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { startCollector } from './support/collector.ts';
import { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until, untilSaid } from './support/until.ts';

let service: Program;
before(async () => {
  service = await startProgram('failing-callbacks.cjs');
});
after(() => service.stop());

async function scrape(): Promise<MetricsPage> {
  const response = await fetch(await service.metricsUrl());
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return new MetricsPage(text);
}

const shownAs = (page: MetricsPage, name: string) => page.samples(name)[0]?.value;
const errors = (page: MetricsPage) => page.values('otel_exporter_prometheus_errors_total', 'error_type');

const NO_ERRORS = { callback: 0, callback_timeout: 0, collection: 0, name_taken: 0, page: 0, disconnected: 0 };

test('B21 B24 T6: a callback that throws, rejects or hangs costs its own metric, and the page says how many did', async () => {
  const first = await scrape();
  const shown = ['fine', 'fine_later', 'throwing', 'rejecting', 'hanging', 'batch_one_total', 'batch_other_total'];
  assert.deepEqual(
    shown.map((name) => shownAs(first, name)),
    [1, 2, undefined, undefined, undefined, undefined, undefined],
  );
  assert.ok(first.samples('process_uptime_seconds').length > 0);
  assert.deepEqual(errors(first), { ...NO_ERRORS, callback: 2, callback_timeout: 2 });
});

test('what has failed is said once for each metric, by its name', async () => {
  await scrape();
  await until('all is said', () => service.stderr().split('\n').length > 5);
  const said = service
    .stderr()
    .split('\n')
    .slice(1, -1)
    .map((line) => line.replace(/^otel: /, ''))
    .sort();
  assert.deepEqual(said, [
    "batch.one, batch.other is left out: the application's callback has not come back within 800 ms",
    "hanging is left out: the application's callback has not come back within 800 ms",
    "rejecting is left out: the application's callback failed: Error: no connection",
    "throwing is left out: the application's callback failed: Error: no such table",
  ]);
});

test('a callback that hangs is called again only when it has come back, and then its metric is there', async () => {
  const before = await service.step('called');
  await scrape();
  const called = await service.step('called');
  assert.deepEqual([called.fine - before.fine, called.hanging - before.hanging], [1, 0]);
  await service.step('comeBack');
  const next = scrape();
  await until('the callback is called again', async () => (await service.step('called')).hanging > before.hanging);
  await service.step('comeBack');
  assert.equal(shownAs(await next, 'hanging'), 3);
});

test('where metrics are only sent, nothing is said of a page', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.stop());
  const sending = await startProgram('failing-callbacks.cjs', {
    env: {
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_METRIC_EXPORT_INTERVAL: '100',
    },
  });
  t.after(() => sending.stop());
  await untilSaid(sending, /^otel: throwing is left out: /m);
  await sending.stop();
  assert.doesNotMatch(sending.stderr(), /page/);
});
