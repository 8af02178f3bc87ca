import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AggregationTemporality,
  AggregationType,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { CellRegistry } from '../src/index.ts';

/** What upstream's SDK makes of the same values under a base-2 exponential view, collected after each batch. */
async function upstream(batches: number[][], temporality: AggregationTemporality) {
  const exporter = new InMemoryMetricExporter(temporality);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 2 ** 30 });
  const provider = new MeterProvider({
    readers: [reader],
    views: [{ instrumentName: '*', aggregation: { type: AggregationType.EXPONENTIAL_HISTOGRAM } }],
  });
  const histogram = provider.getMeter('test').createHistogram('d');
  const values: unknown[] = [];
  for (const batch of batches) {
    for (const value of batch) histogram.record(value);
    const { resourceMetrics } = await reader.collect();
    values.push(resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0]?.value);
  }
  await provider.shutdown();
  return values as { min?: number; max?: number }[];
}

async function ours(batches: number[][], temporality: AggregationTemporality) {
  const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 10, exponentialHistograms: true });
  const cell = cells.histogram({ name: 'd', unit: '', description: '', boundaries: [] }).bind({});
  const producer = cells.producer(() => temporality);
  const values: unknown[] = [];
  for (const batch of batches) {
    for (const value of batch) cell.record(value);
    const { resourceMetrics } = await producer.collect();
    const [metric] = resourceMetrics.scopeMetrics[0]?.metrics ?? [];
    assert.equal(metric?.dataPointType, DataPointType.EXPONENTIAL_HISTOGRAM);
    values.push(metric?.dataPoints[0]?.value);
  }
  return values;
}

/** Pseudo-random numbers that are the same in each run. */
function* randoms(seed: number): Generator<number> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

const batchOf = (seed: number, size: number, make: (random: number) => number) => {
  const random = randoms(seed);
  return Array.from({ length: size }, () => make(random.next().value as number));
};

const cases: [string, number[][]][] = [
  ['durations from a microsecond to ten seconds', [batchOf(1, 1000, (r) => 10 ** (r * 7 - 6))]],
  ['powers of two, which are inclusive bounds', [[1, 2, 4, 8, 0.5, 0.25, 1024, 2 ** -20, 2 ** 40]]],
  ['values close together, then one far away', [batchOf(2, 100, (r) => 1 + r * 1e-6), [1e9], [1e-9]]],
  ['zeros and the smallest and largest numbers', [[0, 0, Number.MIN_VALUE, 2 ** -1022, Number.MAX_VALUE, 1]]],
  ['one value again and again', [[3, 3, 3], [3]]],
];

for (const [what, batches] of cases) {
  test(`exponential buckets are those of the OpenTelemetry SDK: ${what}`, async () => {
    const theirs = await upstream(batches, AggregationTemporality.CUMULATIVE);
    const expected = theirs.map(({ min: _min, max: _max, ...value }) => value);
    assert.deepEqual(await ours(batches, AggregationTemporality.CUMULATIVE), expected);
  });
}

test('a delta reader is told what came since it last asked, each reader for itself', async () => {
  const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 10 });
  const count = cells.counter({ name: 'c', unit: '', description: '' }).bind({});
  const duration = cells.histogram({ name: 'd', unit: '', description: '', boundaries: [1] }).bind({});
  const delta = cells.producer(() => AggregationTemporality.DELTA);
  const cumulative = cells.producer();
  const read = async (producer: typeof delta) => {
    const { resourceMetrics } = await producer.collect();
    return resourceMetrics.scopeMetrics[0]?.metrics.map(({ aggregationTemporality, dataPoints }) => [
      aggregationTemporality,
      dataPoints[0]?.value,
    ]);
  };
  const histogram = (counts: number[], sum: number) => ({
    buckets: { boundaries: [1], counts },
    sum,
    count: counts.reduce((a, b) => a + b),
  });
  count.add(2);
  duration.record(0.5);
  assert.deepEqual(await read(delta), [
    [AggregationTemporality.DELTA, 2],
    [AggregationTemporality.DELTA, histogram([1, 0], 0.5)],
  ]);
  count.add(3);
  duration.record(4);
  assert.deepEqual(await read(delta), [
    [AggregationTemporality.DELTA, 3],
    [AggregationTemporality.DELTA, histogram([0, 1], 4)],
  ]);
  assert.deepEqual(await read(cumulative), [
    [AggregationTemporality.CUMULATIVE, 5],
    [AggregationTemporality.CUMULATIVE, histogram([1, 1], 4.5)],
  ]);
});

test('exponential deltas stay right when the buckets have become coarser in between', async () => {
  const batches = [
    [1, 1.000001, 1.1],
    [1e6, 1e-6],
    [1.1, 0],
  ];
  const deltas = (await ours(batches, AggregationTemporality.DELTA)) as Awaited<ReturnType<typeof upstream>>;
  for (const [index, value] of deltas.entries()) {
    const { count, zeroCount, positive } = value as {
      count: number;
      zeroCount: number;
      positive: { bucketCounts: number[] };
    };
    assert.equal(count, batches[index]?.length);
    assert.equal(zeroCount + positive.bucketCounts.reduce((a, b) => a + b, 0), count);
    assert.ok(positive.bucketCounts.every((inBucket) => inBucket >= 0));
  }
});
