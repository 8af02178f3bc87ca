import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { type ServiceName, type Stack, serviceNames, startStack } from '@payments/local-stack';
import { type MetricsPage, scrape } from './support/metrics-page.ts';
import { until } from './support/until.ts';

let stack: Stack;
before(async () => {
  stack = await startStack({ agent: true });
});
after(() => stack?.stop());

const pageOf = (name: ServiceName): Promise<MetricsPage> => scrape(stack.services[name].metricsUrl ?? '');

const gauges =
  `process_memory_usage_bytes process_memory_virtual_bytes process_uptime_seconds process_start_time_seconds
  process_unix_file_descriptor_count process_thread_count nodejs_eventloop_utilization_ratio
  nodejs_eventloop_delay_min_seconds nodejs_eventloop_delay_max_seconds nodejs_eventloop_delay_mean_seconds
  nodejs_eventloop_delay_p50_seconds nodejs_eventloop_delay_p90_seconds nodejs_eventloop_delay_p99_seconds
  v8js_memory_heap_used_bytes v8js_memory_heap_space_size_bytes`.split(/\s+/);
const counters = ['process_cpu_time_seconds_total', 'nodejs_eventloop_time_seconds_total'];

for (const name of serviceNames) {
  test(`${name} describes its process and runtime`, async () => {
    const { families } = await pageOf(name);
    for (const gauge of gauges) assert.equal(families.get(gauge)?.type, 'gauge', gauge);
    for (const counter of counters) assert.equal(families.get(counter)?.type, 'counter', counter);
    assert.equal(families.get('v8js_gc_duration_seconds')?.type, 'histogram');
    for (const { name: family, help, samples } of families.values()) {
      assert.ok(help.length > 10 && samples.length > 0, `${family} has help and samples`);
      for (const { value } of samples) assert.ok(Number.isFinite(value), `${family} is ${value}`);
    }
  });

  test(`${name} is called by the name in its package.json`, async () => {
    assert.deepEqual((await pageOf(name)).values('target_info', 'service_name'), { [name]: 1 });
  });
}

test('the numbers are those of the process', async () => {
  const { pid } = stack.services.payments;
  const status = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
  const about = (value: number, truth: number, what: string) =>
    assert.ok(value > truth / 1.5 && value < truth * 1.5, `${what}: ${value}, and the system says ${truth}`);

  const page = await pageOf('payments');
  about(page.value('process_memory_usage_bytes'), status('VmRSS') * 1024, 'memory');
  about(page.value('process_memory_virtual_bytes'), status('VmSize') * 1024, 'virtual memory');
  about(page.value('process_thread_count'), status('Threads'), 'threads');
  about(page.value('process_unix_file_descriptor_count'), readdirSync(`/proc/${pid}/fd`).length, 'file descriptors');

  const started = page.value('process_start_time_seconds');
  about(page.value('process_uptime_seconds'), Date.now() / 1000 - started, 'uptime');
  const [user, system] = Object.values(page.values('process_cpu_time_seconds_total', 'cpu_mode'));
  assert.ok((user ?? 0) > 0 && (system ?? 0) > 0, 'it has used the CPU in both modes');
  const utilization = page.value('nodejs_eventloop_utilization_ratio');
  assert.ok(utilization > 0 && utilization <= 1, `utilization ${utilization}`);
  const delay = (statistic: string) => page.value(`nodejs_eventloop_delay_${statistic}_seconds`);
  assert.ok(delay('min') <= delay('p50') && delay('p50') <= delay('p99') && delay('p99') <= delay('max'));
  await until('the garbage that was collected while it started is told', async () => {
    const collections = (await pageOf('payments')).values('v8js_gc_duration_seconds_count', 'v8js_gc_type');
    return (collections.minor ?? 0) > 0;
  });
});

test('what can only grow grows, and the start stays where it was', async () => {
  const [earlier, later] = [await pageOf('payments'), await pageOf('payments')];
  for (const counter of counters) {
    const [before, after] = [earlier.values(counter)[''] ?? 0, later.values(counter)[''] ?? 0];
    assert.ok(after > before, `${counter}: ${before}, then ${after}`);
  }
  const start = 'process_start_time_seconds';
  assert.equal(later.value(start), earlier.value(start));
});
