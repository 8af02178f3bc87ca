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
async function upstream(batches: number[][]) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
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

async function ours(batches: number[][]) {
  const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 10, exponentialHistograms: true });
  const cell = cells.histogram({ name: 'd', unit: '', description: '', boundaries: [] }).bind({});
  const producer = cells.producer();
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
    const theirs = await upstream(batches);
    const expected = theirs.map(({ min: _min, max: _max, ...value }) => value);
    assert.deepEqual(await ours(batches), expected);
  });
}
