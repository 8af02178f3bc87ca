import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AggregationTemporality,
  type ExponentialHistogram,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import { CellRegistry } from '@otel-register/cells';
import { Temporality } from '../src/push/temporality.ts';

const options = (name: string) => ({ name, unit: '', description: '' });

function registry(exponentialHistograms = false): CellRegistry {
  return new CellRegistry({ scope: 'test', cardinalityLimit: 10, exponentialHistograms });
}

async function collected(cells: CellRegistry): Promise<readonly ScopeMetrics[]> {
  return (await cells.liveProducer().collect()).resourceMetrics.scopeMetrics;
}

const onlyValue = (all: readonly ScopeMetrics[]) => metricsOf(all)[0]?.dataPoints[0]?.value;

const metricsOf = (all: readonly ScopeMetrics[]): MetricData[] => all.flatMap(({ metrics }) => metrics);

/** By name, `Δ` before what came since the last time. */
function shown(all: readonly ScopeMetrics[]) {
  return Object.fromEntries(
    metricsOf(all).map(({ descriptor, aggregationTemporality, dataPoints }) => [
      `${aggregationTemporality === AggregationTemporality.DELTA ? 'Δ' : ''}${descriptor.name}`,
      dataPoints[0]?.value,
    ]),
  );
}

function instruments() {
  const cells = registry();
  const count = cells.counter(options('count')).bind({});
  const open = cells.upDownCounter(options('open')).bind({});
  const duration = cells.histogram({ ...options('duration'), boundaries: [1] }).bind({});
  let observed = 0;
  cells.observedCounter(options('observed'), (report) => report(observed, {}));
  cells.observedGauge(options('gauge'), (report) => report(observed, {}));
  const add = () => {
    count.add(2);
    open.add(1);
    duration.record(0.5);
    observed += 3;
  };
  return { cells, add };
}

const histogram = (count: number) => ({ buckets: { boundaries: [1], counts: [count, 0] }, sum: count / 2, count });

const cases = {
  cumulative: { count: 4, duration: histogram(2), observed: 6 },
  delta: { Δcount: 2, Δduration: histogram(1), Δobserved: 3 },
  lowmemory: { Δcount: 2, Δduration: histogram(1), observed: 6 },
} as const;

for (const [preference, expected] of Object.entries(cases)) {
  test(`${preference}: the second time counters and histograms are as it says; gauges and what goes up and down are what they are`, async () => {
    const temporality = new Temporality(preference as keyof typeof cases);
    const { cells, add } = instruments();
    add();
    temporality.taken(await temporality.of(await collected(cells)));
    add();
    assert.deepEqual(shown(await temporality.of(await collected(cells))), { ...expected, open: 2, gauge: 6 });
  });
}

test('what was not taken is in what comes next, which begins where the last that was taken ends', async () => {
  const temporality = new Temporality('delta');
  const cells = registry();
  const count = cells.counter(options('count')).bind({});
  const next = async () => temporality.of(await collected(cells));
  count.add(1);
  const first = await next();
  temporality.taken(first);
  count.add(10);
  await next();
  count.add(100);
  const third = await next();
  assert.deepEqual(shown(third), { Δcount: 110 });
  const times = [first, third].map((all) => metricsOf(all)[0]?.dataPoints[0]);
  assert.deepEqual(times[1]?.startTime, times[0]?.endTime);
  temporality.taken(third);
  assert.deepEqual(shown(await next()), { Δcount: 0 });
});

test('a series that has begun again is told from its beginning', async () => {
  const temporality = new Temporality('delta');
  const cells = registry();
  const counts = cells.counter(options('count'));
  const first = counts.bind({ pool: 'a' });
  first.add(5);
  temporality.taken(await temporality.of(await collected(cells)));
  counts.retire(first);
  counts.bind({ pool: 'a' }).add(3);
  assert.deepEqual(shown(await temporality.of(await collected(cells))), { Δcount: 3 });
});

test('points are of the moment at which they were collected, whatever is counted until they are sent', async () => {
  const cells = registry();
  const count = cells.counter(options('count')).bind({});
  count.add(1);
  const all = await new Temporality('cumulative').of(await collected(cells));
  count.add(1);
  assert.deepEqual(shown(all), { count: 1 });
});

test('exponential deltas stay right when the buckets have become coarser in between', async () => {
  const temporality = new Temporality('delta');
  const cells = registry(true);
  const cell = cells.histogram({ ...options('duration'), boundaries: [] }).bind({});
  for (const batch of [
    [1, 1.000001, 1.1],
    [1e6, 1e-6],
    [1.1, 0],
  ]) {
    for (const value of batch) cell.record(value);
    const all = await temporality.of(await collected(cells));
    temporality.taken(all);
    const { count, zeroCount, positive } = onlyValue(all) as ExponentialHistogram;
    assert.equal(count, batch.length);
    assert.equal(zeroCount + positive.bucketCounts.reduce((a, b) => a + b, 0), count);
    assert.ok(positive.bucketCounts.every((inBucket) => inBucket >= 0));
  }
});
