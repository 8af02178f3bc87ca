import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';
import { classicHistogram } from './classic-histogram.ts';
import { type Exemplar, exemplarLabels, latest, latestOfBuckets } from './exemplars.ts';
import type { Family } from './families.ts';
import { wellFormed } from './names.ts';
import { type Buckets, type NativeHistogram, nativeHistogram } from './native-histogram.ts';
import type { Point } from './points.ts';
import { ProtobufWriter } from './protobuf-writer.ts';
import type { Summary } from './summary.ts';

/** Numbers of fields and types, as `io/prometheus/client/metrics.proto` of prometheus/client_model has them. */
const FAMILY = { name: 1, help: 2, type: 3, metric: 4, unit: 5 };
const TYPES = { counter: 0, gauge: 1, summary: 2, unknown: 3, histogram: 4 };
const METRIC = { label: 1, gauge: 2, counter: 3, summary: 4, histogram: 7 };
const LABEL = { name: 1, value: 2 };
const GAUGE = { value: 1 };
const COUNTER = { value: 1, exemplar: 2, created: 3 };
const SUMMARY = { count: 1, sum: 2, quantile: 3, created: 4 };
const QUANTILE = { quantile: 1, value: 2 };
const HISTOGRAM = {
  ...{ count: 1, sum: 2, bucket: 3, schema: 5, zeroThreshold: 6, zeroCount: 7, created: 15, exemplar: 16 },
  negative: { span: 9, delta: 10 },
  positive: { span: 12, delta: 13 },
};
const BUCKET = { cumulativeCount: 1, upperBound: 2, exemplar: 3 };
const SPAN = { offset: 1, length: 2 };
const EXEMPLAR = { label: 1, value: 2, timestamp: 3 };
const TIMESTAMP = { seconds: 1, nanos: 2 };

const labelWriter = new ProtobufWriter();

/** Labels as fields of a Metric, one byte a character: a string can be told from another one. */
export function labelFields(labels: ReadonlyMap<string, string>): string {
  labelWriter.clear();
  writeLabels(labelWriter, METRIC.label, labels);
  return Buffer.from(labelWriter.written).toString('latin1');
}

/** A family's fields but its metrics. @param unit empty for none */
export function writeFamilyFields(writer: ProtobufWriter, { name, help, type }: Family, unit: string): void {
  if (unit) writer.string(FAMILY.unit, unit);
  writer.varint(TYPES[type]);
  writer.varint(FAMILY.type * 8);
  if (help) writer.string(FAMILY.help, wellFormed(help));
  writer.string(FAMILY.name, name);
}

/** A point as a `metric` field of its family. @param labels as {@link labelFields} gives them */
export function writeMetric(
  writer: ProtobufWriter,
  family: Family,
  labels: string,
  value: Point['value'],
  point: Omit<Point, 'value'>,
): void {
  if (typeof value !== 'number' && 'quantiles' in value) writeSummary(writer, value, point);
  else if (typeof value !== 'number') writeHistogram(writer, value, family.unit, point);
  else if (family.type === 'counter') writeCounter(writer, value, point);
  else writeGauge(writer, value);
  writer.raw(labels, 'latin1');
  writer.close(FAMILY.metric, 0);
}

function writeGauge(writer: ProtobufWriter, value: number): void {
  writer.double(GAUGE.value, value);
  writer.close(METRIC.gauge, 0);
}

function writeCounter(writer: ProtobufWriter, value: number, { startTime, exemplars }: Omit<Point, 'value'>): void {
  writeStartTime(writer, COUNTER.created, startTime);
  const exemplar = latest(exemplars);
  if (exemplar) writeExemplar(writer, COUNTER.exemplar, exemplar);
  writer.double(COUNTER.value, value);
  writer.close(METRIC.counter, 0);
}

function writeSummary(
  writer: ProtobufWriter,
  { quantiles, values, sum, count }: Summary,
  { startTime }: Omit<Point, 'value'>,
): void {
  writeStartTime(writer, SUMMARY.created, startTime);
  for (let index = quantiles.length - 1; index >= 0; index--) {
    const end = writer.length;
    writer.double(QUANTILE.value, values[index] ?? Number.NaN);
    writer.double(QUANTILE.quantile, quantiles[index] ?? Number.NaN);
    writer.close(SUMMARY.quantile, end);
  }
  writer.double(SUMMARY.sum, sum);
  writer.unsigned(SUMMARY.count, count);
  writer.close(METRIC.summary, 0);
}

/** An exponential histogram is both: who does not know native ones reads the classic buckets. */
function writeHistogram(
  writer: ProtobufWriter,
  histogram: Histogram | ExponentialHistogram,
  unit: string,
  { startTime, exemplars }: Omit<Point, 'value'>,
): void {
  if (!('buckets' in histogram)) {
    for (const exemplar of exemplars?.toReversed() ?? []) writeExemplar(writer, HISTOGRAM.exemplar, exemplar);
    writeNativeFields(writer, nativeHistogram(histogram));
  }
  writeStartTime(writer, HISTOGRAM.created, startTime);
  writeClassicFields(writer, classicHistogram(histogram, unit), exemplars);
  writer.close(METRIC.histogram, 0);
}

function writeClassicFields(writer: ProtobufWriter, { buckets, sum, count }: Histogram, exemplars: Point['exemplars']) {
  const { boundaries, counts } = buckets;
  const byBucket = latestOfBuckets(boundaries, exemplars);
  let cumulative = count;
  for (let bucket = boundaries.length; bucket >= 0; bucket--) {
    const end = writer.length;
    const exemplar = byBucket?.[bucket];
    if (exemplar) writeExemplar(writer, BUCKET.exemplar, exemplar);
    writer.double(BUCKET.upperBound, boundaries[bucket] ?? Number.POSITIVE_INFINITY);
    writer.unsigned(BUCKET.cumulativeCount, cumulative);
    writer.close(HISTOGRAM.bucket, end);
    cumulative -= counts[bucket] ?? 0;
  }
  if (sum !== undefined && !((boundaries[0] ?? 0) < 0)) writer.double(HISTOGRAM.sum, sum);
  writer.unsigned(HISTOGRAM.count, count);
}

function writeNativeFields(writer: ProtobufWriter, native: NativeHistogram): void {
  const { positive, negative, zeroThreshold, zeroCount } = native;
  writeBuckets(writer, HISTOGRAM.positive, positive);
  writeBuckets(writer, HISTOGRAM.negative, negative);
  writer.unsigned(HISTOGRAM.zeroCount, zeroCount);
  writer.double(HISTOGRAM.zeroThreshold, zeroThreshold);
  // A span of nothing tells an empty native histogram from a classic one.
  if (zeroThreshold === 0 && zeroCount === 0 && positive.spans.length + negative.spans.length === 0) {
    writeBuckets(writer, HISTOGRAM.positive, { spans: [{ offset: 0, length: 0 }], deltas: [] });
  }
  writer.signed(HISTOGRAM.schema, native.schema);
}

function writeBuckets(writer: ProtobufWriter, field: { span: number; delta: number }, { spans, deltas }: Buckets) {
  writer.packedSigned(field.delta, deltas);
  for (const { offset, length } of spans.toReversed()) {
    const end = writer.length;
    writer.unsigned(SPAN.length, length);
    writer.signed(SPAN.offset, offset);
    writer.close(field.span, end);
  }
}

function writeExemplar(writer: ProtobufWriter, field: number, exemplar: Exemplar): void {
  const { value, time } = exemplar;
  const end = writer.length;
  writeTimestamp(writer, EXEMPLAR.timestamp, Math.floor(time / 1000), Math.round((time % 1000) * 1e6));
  writer.double(EXEMPLAR.value, value);
  writeLabels(writer, EXEMPLAR.label, exemplarLabels(exemplar));
  writer.close(field, end);
}

function writeLabels(writer: ProtobufWriter, field: number, labels: ReadonlyMap<string, string>): void {
  for (const [name, value] of [...labels].reverse()) {
    const end = writer.length;
    writer.string(LABEL.value, wellFormed(value));
    writer.string(LABEL.name, name);
    writer.close(field, end);
  }
}

/** Left out where the data has none. */
function writeStartTime(writer: ProtobufWriter, field: number, [seconds, nanos]: Point['startTime']): void {
  if (seconds > 0) writeTimestamp(writer, field, seconds, nanos);
}

function writeTimestamp(writer: ProtobufWriter, field: number, seconds: number, nanos: number): void {
  const end = writer.length;
  writer.unsigned(TIMESTAMP.nanos, nanos);
  writer.unsigned(TIMESTAMP.seconds, seconds);
  writer.close(field, end);
}
