import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { exponential, formatOf, histogram, metric, page, withExemplars } from './support/pages.ts';
import { countsOf, labelsOf, readProtobuf } from './support/protobuf-reader.ts';

/** The page as protobuf, which the strict reader has found to be right. */
function protobuf(metrics: MetricData[], resource: Attributes = {}) {
  const { bytes, warnings } = page(metrics, resource, 'protobuf');
  return { families: readProtobuf(bytes()), warnings };
}

/** The only series of an exponential histogram as protobuf has it. */
function native(value: Parameters<typeof exponential>[3]) {
  const { families, warnings } = protobuf([exponential('h', 's', {}, value)]);
  return { histogram: families[0]?.metric[0]?.histogram, warnings };
}

/** The metric with a start on all points. */
function startedAt(startTime: [number, number], of: MetricData): MetricData {
  const points = of.dataPoints as { startTime: [number, number] }[];
  return { ...of, dataPoints: points.map((point) => ({ ...point, startTime })) } as MetricData;
}

test('C1 N10: a counter has its whole name, and its unit in words', () => {
  const { families } = protobuf([metric('process.cpu.time', 's', 'counter', [[{ 'cpu.mode': 'user' }, 1.5]], 'Time.')]);
  assert.deepEqual(families, [
    {
      name: 'process_cpu_time_seconds_total',
      help: 'Time.',
      type: 'counter',
      unit: 'seconds',
      metric: [{ label: [{ name: 'cpu_mode', value: 'user' }], counter: { value: 1.5 } }],
    },
  ]);
});

test('O6: a unit that is not the end of the name is left out, for Prometheus fails the whole scrape over it', () => {
  const { families } = protobuf([
    metric('foo.bytes.read', 'By', 'counter', [[{}, 1]]),
    metric('utilization', '1', 'gauge', [[{}, 1]]),
  ]);
  assert.deepEqual(
    families.map(({ name, unit }) => [name, unit]),
    [
      ['foo_bytes_read_total', undefined],
      ['utilization_ratio', undefined],
    ],
  );
});

test('S5 S6: the resource is the gauge target_info, first on the page', () => {
  const { families } = protobuf([metric('m', '', 'gauge', [[{}, 7]])], { 'service.name': 'payments' });
  assert.deepEqual(
    families.map(({ name, type, metric: [one] }) => [name, type, labelsOf(one ?? {}), one?.gauge.value]),
    [
      ['target_info', 'gauge', { service_name: 'payments' }, 1],
      ['m', 'gauge', {}, 7],
    ],
  );
});

test('F1 F9: one name in two scopes is one family, its second series told apart, its third left out', () => {
  const jobs = (value: number) => metric('jobs', '', 'counter', [[{ q: 'a' }, value]]);
  const { families, warnings } = protobuf([jobs(1), jobs(2)]);
  assert.deepEqual(families[0]?.metric.map(labelsOf), [{ q: 'a' }, { otel_scope_name: 'scope1', q: 'a' }]);
  assert.deepEqual(warnings, []);
});

test('L9: text of every alphabet arrives, and lone surrogates are replaced', () => {
  const { families } = protobuf([metric('m', '', 'gauge', [[{ v: 'é😀\ud800"\\\n' }, 1]], 'ü\udc00')]);
  assert.deepEqual([labelsOf(families[0]?.metric[0] ?? {}), families[0]?.help], [{ v: 'é😀\ufffd"\\\n' }, 'ü\ufffd']);
});

test('C4: counters and histograms say when they began', () => {
  const { families } = protobuf([
    startedAt([1_520_879_607, 789_000_000], metric('c', '', 'counter', [[{}, 1]])),
    startedAt([1_520_879_607, 0], histogram('h', '', {}, [1], [1, 0])),
  ]);
  const [counter, hist] = families.map(({ metric: [one] }) => one);
  assert.deepEqual(counter?.counter.created, { seconds: 1_520_879_607, nanos: 789_000_000 });
  assert.deepEqual(hist?.histogram.created, { seconds: 1_520_879_607 });
});

test('C6: every number is what it was', () => {
  const values = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324, 2 ** 53 + 2];
  const { families } = protobuf([
    metric(
      'g',
      '',
      'gauge',
      values.map((value, index) => [{ index }, value]),
    ),
  ]);
  assert.deepEqual(
    families[0]?.metric.map(({ gauge }) => gauge.value),
    values,
  );
});

test('H1 H2 X9: a classic histogram is its cumulative buckets, sum and count, and nothing of a native one', () => {
  const { families } = protobuf([histogram('h', 's', { a: 'b' }, [0.1, 1], [2, 0, 3_000_000_000])]);
  assert.deepEqual(families[0]?.metric[0]?.histogram, {
    sampleCount: 3_000_000_002,
    sampleSum: 1.5,
    bucket: [
      { cumulativeCount: 2, upperBound: 0.1 },
      { cumulativeCount: 2, upperBound: 1 },
      { cumulativeCount: 3_000_000_002, upperBound: Number.POSITIVE_INFINITY },
    ],
  });
});

test('E1 E2 E3 E5: counters and buckets have their latest exemplar, with span and time', () => {
  const { families } = protobuf([
    withExemplars(metric('c', '', 'counter', [[{}, 2]]), [1, 2500, 'b'], [1, 1000, 'a']),
    withExemplars(histogram('h', '', {}, [1], [1, 1]), [7, 1001, 'c']),
    withExemplars(metric('g', '', 'gauge', [[{}, 2]]), [1, 1000, 'a']),
  ]);
  const [counter, hist, gauge] = families.map(({ metric: [one] }) => one);
  const label = (span: string) => [
    { name: 'trace_id', value: '0af7651916cd43dd8448eb211c80319c' },
    { name: 'span_id', value: span.padStart(16, '0') },
  ];
  assert.deepEqual(counter?.counter.exemplar, {
    label: label('b'),
    value: 1,
    timestamp: { seconds: 2, nanos: 500_000_000 },
  });
  assert.deepEqual(
    hist?.histogram.bucket.map(({ exemplar }: { exemplar: unknown }) => exemplar),
    [undefined, { label: label('c'), value: 7, timestamp: { seconds: 1, nanos: 1_000_000 } }],
  );
  assert.deepEqual(gauge?.gauge, { value: 2 });
});

test("X2: buckets finer than Prometheus' finest are joined", () => {
  const { histogram } = native({ scale: 10, positive: { offset: -3, bucketCounts: [1, 2, 3, 4, 5] } });
  assert.equal(histogram.schema, 8);
  assert.deepEqual(histogram.positiveSpan, [{ offset: 0, length: 2 }]);
  assert.deepEqual(histogram.positiveDelta, [6, 3]);
});

test('X3: gaps between buckets are gaps between spans, above zero and below', () => {
  const buckets = { offset: 3, bucketCounts: [10, 0, 0, 20, 5, 2] };
  const { histogram } = native({ scale: 0, positive: buckets, negative: buckets });
  for (const side of ['positive', 'negative']) {
    assert.deepEqual(histogram[`${side}Span`], [
      { offset: 4, length: 1 },
      { offset: 2, length: 3 },
    ]);
    assert.deepEqual(histogram[`${side}Delta`], [10, 10, -15, -3]);
    assert.deepEqual(countsOf(histogram, side), [10, 20, 5, 2]);
  }
});

test('X1: buckets wider than any of Prometheus, and X4: a histogram without a sum, are left out with a warning', () => {
  const noSum = exponential('no.sum', '', {}, { sum: undefined, zeroCount: 1 });
  const { families, warnings } = protobuf([exponential('wide', '', {}, { scale: -5, zeroCount: 1 }), noSum]);
  assert.deepEqual(families, []);
  assert.deepEqual(warnings, [
    'protobuf: a point of the histogram wide is not on the page: its buckets are wider than any that Prometheus has',
    'protobuf: a point of the histogram no_sum is not on the page: it has no sum',
  ]);
});

test('X4: zeros, count and sum are copied; the zero bucket has the given width, else 1e-128', () => {
  const { histogram } = native({ scale: 2, sum: 7.5, zeroCount: 3, positive: { offset: 0, bucketCounts: [4] } });
  const { zeroCount, zeroThreshold, sampleCount, sampleSum, schema } = histogram;
  assert.deepEqual([zeroCount, zeroThreshold, sampleCount, sampleSum, schema], [3, 1e-128, 7, 7.5, 2]);
  assert.equal(native({ zeroThreshold: 0.001, zeroCount: 1 }).histogram.zeroThreshold, 0.001);
});

test('X5: an empty native histogram without a zero bucket is told from a classic one by a span of nothing', () => {
  const { histogram } = native({ zeroThreshold: 0 });
  assert.deepEqual([histogram.positiveSpan, histogram.schema, histogram.zeroThreshold], [[{ offset: 0 }], 0, 0]);
});

test('X8: a native histogram has its exemplars in a list of its own, each with its time', () => {
  const value = { scale: 0, positive: { offset: 0, bucketCounts: [2] } };
  const { families } = protobuf([withExemplars(exponential('h', 's', {}, value), [1.5, 1000, 'a'], [2, 2000, 'b'])]);
  const { exemplars } = families[0]?.metric[0]?.histogram ?? {};
  assert.deepEqual(
    exemplars.map(({ value, timestamp }: { value: number; timestamp: unknown }) => [value, timestamp]),
    [
      [1.5, { seconds: 1 }],
      [2, { seconds: 2 }],
    ],
  );
});

test('a native histogram has classic buckets beside it, for who does not know native ones', () => {
  const { histogram } = native({ scale: 0, positive: { offset: 0, bucketCounts: [1, 2, 4] } });
  const at = (bound: number) =>
    histogram.bucket.find(({ upperBound }: { upperBound: number }) => upperBound === bound)?.cumulativeCount ?? 0;
  assert.deepEqual([1, 2, 4, 8, 16].map(at), [0, 1, 3, 7, 7]);
});

test('a family of 20,000 series is one message, made in chunks of bounded size with pauses in between', () => {
  const [first, ...more] = Array.from({ length: 20_000 }, (_, index) =>
    histogram('h', 's', { index, route: 'é'.repeat(index % 40) }, [0.1, 1, 10], [index, 1, 2, 3]),
  );
  const points = [first, ...more].flatMap((one) => (one?.dataPoints ?? []) as unknown[]);
  const resourceMetrics = {
    resource: emptyResource(),
    scopeMetrics: [{ scope: { name: 's' }, metrics: [{ ...first, dataPoints: points } as MetricData] }],
  };
  const chunks = [...formatOf('protobuf').render(resourceMetrics, Buffer.allocUnsafe)];
  assert.ok(chunks.every(({ length }) => length <= 64 * 1024));
  const full = chunks.filter(({ length }) => length > 0).length;
  assert.ok(chunks.length - full >= full - 2, 'as many pauses as there are chunks');
  const [family] = readProtobuf(Buffer.concat(chunks));
  assert.equal(family?.metric.length, 20_000);
  assert.equal(family?.metric[19_999]?.histogram.sampleCount, 20_005);
});
