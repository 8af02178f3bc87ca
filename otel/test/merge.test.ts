import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Attributes, ValueType } from '@opentelemetry/api';
import { AggregationTemporality, DataPointType, type Histogram, type MetricData } from '@opentelemetry/sdk-metrics';
import { SUMMARY, type Summary } from '@otel-register/exposition';
import type { Combination } from '../src/cluster/gauges.ts';
import { addExponential, addHistograms } from '../src/cluster/histograms.ts';
import { Merge } from '../src/cluster/merge.ts';
import { KnownSeries, keyOf } from '../src/cluster/series-key.ts';
import { decode, encode } from '../src/cluster/snapshot.ts';

const scope = { name: 'test' };

type Points = [Attributes, unknown][];

function metric(name: string, kind: object, points: Points): MetricData {
  return {
    descriptor: { name, description: '', unit: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    ...kind,
    dataPoints: points.map(([attributes, value]) => ({ attributes, value, startTime: [1, 0], endTime: [2, 0] })),
  } as MetricData;
}

const counter = (name: string, points: Points) =>
  metric(name, { dataPointType: DataPointType.SUM, isMonotonic: true }, points);
const gauge = (name: string, value: number) => metric(name, { dataPointType: DataPointType.GAUGE }, [[{}, value]]);
const histogram = (name: string, value: Histogram) =>
  metric(name, { dataPointType: DataPointType.HISTOGRAM }, [[{}, value]]);

const summary = (name: string, value: Summary) => metric(name, { dataPointType: SUMMARY }, [[{}, value]]);
const saying = (combination: Combination, of: MetricData): MetricData => {
  const descriptor = { ...of.descriptor, combination };
  return { ...of, descriptor };
};

function merged(metrics: MetricData[], merge = new Merge()): Points {
  for (const one of metrics) merge.add(scope, one);
  return merge.result().flatMap((of) => of.metrics.flatMap(pointsOf));
}

const pointsOf = ({ dataPoints }: MetricData): Points =>
  (dataPoints as { attributes: Attributes; value: unknown }[]).map(({ attributes, value }) => [attributes, value]);

const numbers = (metrics: MetricData[]) => merged(metrics).map(([, value]) => value);

test('counters are added series by series, in whatever order their attributes are', () => {
  const one = counter('requests', [
    [{ method: 'GET', status: 200 }, 3],
    [{ method: 'PUT' }, 1],
  ]);
  const other = counter('requests', [
    [{ status: 200, method: 'GET' }, 4],
    [{ status: '200', method: 'GET' }, 1],
  ]);
  assert.deepEqual(merged([one, other]), [
    [{ method: 'GET', status: 200 }, 7],
    [{ method: 'PUT' }, 1],
    [{ status: '200', method: 'GET' }, 1],
  ]);
});

test('gauges are combined by what their names say they are', () => {
  for (const [name, expected] of [
    ['nodejs.eventloop.delay.min', 1],
    ['nodejs.eventloop.delay.mean', 2],
    ['nodejs.eventloop.delay.p99', 4],
    ['nodejs.eventloop.utilization', 2],
    ['process.start_time', 1],
    ['process.uptime', 4],
    ['v8js.resource.active', 6],
    ['of.the.application', 4],
  ] as const) {
    assert.deepEqual(numbers([1, 4, 1].map((value) => gauge(name, value))), [expected], name);
  }
});

test('gauges that say themselves how they are combined are, whatever their names', () => {
  for (const [combination, expected] of [
    ['min', 1],
    ['max', 4],
    ['mean', 2],
    ['sum', 6],
  ] as const) {
    const gauges = [1, 4, 1].map((value) => saying(combination, gauge('process.uptime', value)));
    assert.deepEqual(numbers(gauges), [expected], combination);
  }
});

test('of summaries sums and counts are added, and each quantile is the highest of those who have observed anything', () => {
  const quantiles = [0.5, 0.9];
  const summaries = [
    summary('sizes', { quantiles, values: [-1, 5], sum: 6, count: 4 }),
    summary('sizes', { quantiles, values: [0, 0], sum: 0, count: 0 }),
    summary('sizes', { quantiles: [0.9, 1], values: [3, 7], sum: 0.5, count: 2 }),
  ];
  assert.deepEqual(numbers(summaries), [{ quantiles: [0.5, 0.9, 1], values: [-1, 5, 7], sum: 6.5, count: 6 }]);
  const kept = new Merge();
  for (const one of summaries) kept.add(scope, one);
  const [left] = kept.exactResult();
  assert.deepEqual(left?.metrics.flatMap(pointsOf), [[{}, { quantiles: [], values: [], sum: 6.5, count: 6 }]]);
});

test('histograms are added bucket by bucket, with the least and the greatest of all', () => {
  const sum = addHistograms(
    { buckets: { boundaries: [1, 2], counts: [1, 2, 3] }, sum: 12, count: 6, min: 0.5, max: 4 },
    { buckets: { boundaries: [1, 2], counts: [0, 1, 0] }, sum: 1.5, count: 1, min: 1.5, max: 1.5 },
  );
  assert.deepEqual(sum, { buckets: { boundaries: [1, 2], counts: [1, 3, 3] }, sum: 13.5, count: 7, min: 0.5, max: 4 });
});

test('of histograms with different bounds those that both have stay, and no observation is lost', () => {
  const sum = addHistograms(
    { buckets: { boundaries: [1, 2, 5], counts: [1, 2, 3, 4] }, count: 10 },
    { buckets: { boundaries: [0.5, 2, 5, 10], counts: [1, 1, 1, 1, 1] }, count: 5 },
  );
  assert.deepEqual(sum, { buckets: { boundaries: [2, 5], counts: [5, 4, 6] }, count: 15 });
});

test('exponential histograms are added at the coarser scale', () => {
  const none = { offset: 0, bucketCounts: [] };
  const sum = addExponential(
    { scale: 1, count: 5, sum: 5, zeroCount: 1, positive: { offset: -3, bucketCounts: [1, 1, 1, 1] }, negative: none },
    { scale: 0, count: 3, sum: 7, zeroCount: 0, positive: { offset: 1, bucketCounts: [3] }, negative: none },
  );
  assert.deepEqual(sum, {
    scale: 0,
    count: 8,
    sum: 12,
    zeroCount: 1,
    positive: { offset: -2, bucketCounts: [1, 2, 1, 3] },
    negative: none,
  });
});

test('a sum is the same in whatever order it is made, also when a part of it was kept in between', () => {
  const values = Array.from({ length: 40 }, (_, index) => 0.1 * 3 ** (index % 7) + index / 7);
  const together = (of: number[]) => numbers(of.map((value) => counter('seconds', [[{}, value]])));
  const inOrder = together(values);
  assert.deepEqual(together(values.toReversed()), inOrder);
  assert.deepEqual(together(values.toSorted((a, b) => b - a)), inOrder);

  const kept = new Merge();
  for (const value of values.slice(7, 30)) kept.add(scope, counter('seconds', [[{}, value]]));
  const parts = [...values.slice(30), ...values.slice(0, 7)].map((value) => counter('seconds', [[{}, value]]));
  const later = new Merge();
  for (const one of kept.exactResult()[0]?.metrics ?? []) later.add(scope, one);
  assert.deepEqual(merged(parts, later), [[{}, inOrder[0]]]);

  const observed = (value: number) =>
    histogram('durations', { buckets: { boundaries: [1], counts: [1, 0] }, sum: value, count: 1 });
  const sums = (of: number[]) => (numbers(of.map(observed)) as Histogram[]).map(({ sum, count }) => [sum, count]);
  assert.deepEqual(sums(values), [[inOrder[0], 40]]);
  assert.deepEqual(sums(values.toReversed()), [[inOrder[0], 40]]);
});

test('what is beyond the limit of series is added to the overflow series', () => {
  const merge = new Merge(2);
  const points = merged(
    [
      counter(
        'requests',
        ['a', 'b', 'c', 'd', 'a'].map((id) => [{ id }, 1]),
      ),
    ],
    merge,
  );
  assert.deepEqual(points, [
    [{ id: 'a' }, 2],
    [{ id: 'b' }, 1],
    [{ 'otel.metric.overflow': true }, 2],
  ]);
});

test('a snapshot tells how a gauge is combined, and has nothing of a metric that means nothing beside others', () => {
  const value = { quantiles: [0.5], values: [2], sum: 3, count: 2 };
  const written = [saying('mean', gauge('load', 1)), saying('none', gauge('id', 7)), summary('sizes', value)];
  const bytes = Buffer.concat([...encode([{ scope, metrics: written }], keyOf)]);
  const read = Array.from(decode(bytes, new KnownSeries()), (one) => one.metric);
  assert.deepEqual(
    read.map(({ descriptor }) => [descriptor.name, 'combination' in descriptor && descriptor.combination]),
    [
      ['load', 'mean'],
      ['sizes', false],
    ],
  );
  assert.deepEqual(read.flatMap(pointsOf), [
    [{}, 1],
    [{}, value],
  ]);
});

test('a snapshot reads as it was written, and each series keeps its attributes object', () => {
  const written = [
    counter('requests', [[{ method: 'GET', list: ['a', 'b'], empty: '' }, 3]]),
    histogram('durations', { buckets: { boundaries: [1, 2], counts: [1, 2, 3] }, sum: 12, count: 6, min: 0.5, max: 4 }),
  ];
  const bytes = Buffer.concat([...encode([{ scope, metrics: written }], keyOf)]);
  const known = new KnownSeries();
  const first = Array.from(decode(bytes, known), ({ metric }) => metric);
  assert.deepEqual(
    first.map(pointsOf),
    written.map(pointsOf).map((points) => points.map(sorted)),
  );
  known.forgetTheRest();
  const [again] = Array.from(decode(bytes, known), ({ metric }) => metric);
  assert.equal(again?.dataPoints[0]?.attributes, first[0]?.dataPoints[0]?.attributes);
});

const sorted = ([attributes, value]: Points[number]): Points[number] => [
  Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))),
  value,
];
