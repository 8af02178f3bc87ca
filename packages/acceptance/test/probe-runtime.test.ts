import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

let service: Program;

before(async () => {
  service = await startProgram('collecting.cjs', { nodeArguments: ['-r', './otel/register', '--expose-gc'] });
});
after(() => service.stop());

const MEGABYTE = 1024 * 1024;

/** What a small idle service may plausibly show: least and most. */
const PLAUSIBLE: Record<string, [least: number, most: number]> = {
  process_cpu_time_seconds_total: [0.001, 60],
  process_memory_usage_bytes: [20 * MEGABYTE, 1000 * MEGABYTE],
  process_uptime_seconds: [0.01, 300],
  process_start_time_seconds: [Date.now() / 1000 - 300, Date.now() / 1000 + 1],
  nodejs_eventloop_utilization_ratio: [0, 1],
  nodejs_eventloop_time_seconds_total: [0, 300],
  nodejs_eventloop_delay_min_seconds: [0, 1],
  nodejs_eventloop_delay_max_seconds: [0, 10],
  nodejs_eventloop_delay_mean_seconds: [0, 10],
  nodejs_eventloop_delay_stddev_seconds: [0, 10],
  nodejs_eventloop_delay_p50_seconds: [0, 10],
  nodejs_eventloop_delay_p90_seconds: [0, 10],
  nodejs_eventloop_delay_p99_seconds: [0, 10],
  v8js_memory_heap_used_bytes: [0, 1000 * MEGABYTE],
  v8js_memory_heap_space_size_bytes: [0, 1000 * MEGABYTE],
  v8js_memory_heap_space_available_size_bytes: [0, 10_000 * MEGABYTE],
  v8js_memory_heap_space_physical_size_bytes: [0, 1000 * MEGABYTE],
  v8js_resource_active: [1, 1000],
  process_context_switches_total: [0, 1_000_000],
  process_paging_faults_total: [0, 10_000_000],
  ...(process.platform === 'linux' && {
    process_unix_file_descriptor_count: [5, 200],
    process_thread_count: [2, 100],
    process_memory_virtual_bytes: [50 * MEGABYTE, Number.POSITIVE_INFINITY],
  }),
};

test('event loop, heap, CPU, memory and age of the process are there and plausible', async () => {
  const page = await service.scrape();
  for (const [name, [least, most]] of Object.entries(PLAUSIBLE)) {
    const samples = page.samples(name);
    assert.ok(samples.length > 0, `${name} is missing`);
    for (const { value, labels } of samples) {
      assert.ok(value >= least && value <= most, `${name}${JSON.stringify(labels)} is ${value}`);
    }
  }
  assert.deepEqual(Object.keys(page.values('process_cpu_time_seconds_total', 'cpu_mode')), ['user', 'system']);
});

test('every forced garbage collection is counted', async () => {
  const majors = (page: MetricsPage) => page.values('v8js_gc_duration_seconds_count', 'v8js_gc_type').major ?? 0;
  const before = majors(await service.scrape());
  await service.step('collect');
  // Node.js tells of them a little later.
  await until('25 collections more', async () => majors(await service.scrape()) - before >= 25);
});

const active = (page: MetricsPage) =>
  page.values('nodejs_eventloop_time_seconds_total', 'nodejs_eventloop_state').active ?? 0;

test('a blocked event loop is seen in its delay, and the time is counted as active', async () => {
  const before = active(await service.scrape());
  await service.step('block');
  const page = await service.scrape();
  assert.ok(page.value('nodejs_eventloop_delay_max_seconds') >= 0.15);
  assert.ok(active(page) - before >= 0.15);
});

test('what a scrape does to the event loop is not in its metrics, whatever the page costs', async (t) => {
  const slow = await startProgram('slow-callback.cjs');
  t.after(() => slow.stop());
  const scrape = async () => new MetricsPage(await (await fetch(await slow.metricsUrl())).text());
  // On a busy machine the event loop may be late all the same, but not each time.
  await until('six scrapes that are not seen', async () => {
    const before = await scrape();
    for (let i = 0; i < 5; i++) await scrape();
    const after = await scrape();
    assert.ok(after.value('callback_time_seconds_total') - before.value('callback_time_seconds_total') >= 1.8);
    return after.value('nodejs_eventloop_delay_max_seconds') < 0.3 && active(after) - active(before) < 1.8;
  });
});

test('open file descriptors are those that the system shows', { skip: process.platform !== 'linux' }, async () => {
  await until('the page shows them', async () => {
    const shown = readdirSync(`/proc/${service.pid}/fd`).length;
    const page = await service.scrapeNow();
    // The connection of the scrape comes and goes.
    return Math.abs(page.value('process_unix_file_descriptor_count') - shown) <= 2;
  });
});
