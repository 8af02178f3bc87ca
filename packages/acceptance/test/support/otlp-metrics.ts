import protobuf from 'protobufjs';

/** As much of opentelemetry/proto/collector/metrics/v1/metrics_service.proto (opentelemetry-proto 1.9) as metrics need. */
const { root } = protobuf.parse(`
  syntax = "proto3";
  message ExportMetricsServiceRequest { repeated ResourceMetrics resource_metrics = 1; }
  message ResourceMetrics { Resource resource = 1; repeated ScopeMetrics scope_metrics = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeMetrics { Scope scope = 1; repeated Metric metrics = 2; }
  message Scope { string name = 1; string version = 2; }
  message Metric {
    string name = 1;
    string description = 2;
    string unit = 3;
    oneof data { Gauge gauge = 5; Sum sum = 7; Histogram histogram = 9; ExponentialHistogram exponential_histogram = 10; }
  }
  message Gauge { repeated NumberDataPoint data_points = 1; }
  message Sum { repeated NumberDataPoint data_points = 1; int32 aggregation_temporality = 2; bool is_monotonic = 3; }
  message Histogram { repeated HistogramDataPoint data_points = 1; int32 aggregation_temporality = 2; }
  message ExponentialHistogram { repeated ExponentialPoint data_points = 1; int32 aggregation_temporality = 2; }
  message NumberDataPoint {
    repeated KeyValue attributes = 7;
    fixed64 start_time_unix_nano = 2;
    fixed64 time_unix_nano = 3;
    oneof value { double as_double = 4; sfixed64 as_int = 6; }
  }
  message HistogramDataPoint {
    repeated KeyValue attributes = 9;
    fixed64 start_time_unix_nano = 2;
    fixed64 time_unix_nano = 3;
    fixed64 count = 4;
    optional double sum = 5;
    repeated fixed64 bucket_counts = 6;
    repeated double explicit_bounds = 7;
  }
  message ExponentialPoint {
    repeated KeyValue attributes = 1;
    fixed64 start_time_unix_nano = 2;
    fixed64 time_unix_nano = 3;
    fixed64 count = 4;
    optional double sum = 5;
    sint32 scale = 6;
    fixed64 zero_count = 7;
  }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue { oneof value { string string_value = 1; bool bool_value = 2; int64 int_value = 3; double double_value = 4; } }
`);
const request = root.lookupType('ExportMetricsServiceRequest');

type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A point as it arrived. */
export interface ReceivedPoint {
  readonly resource: Attributes;
  readonly name: string;
  readonly unit: string;
  readonly kind: 'gauge' | 'sum' | 'histogram' | 'exponentialHistogram';
  /** Of a gauge neither. */
  readonly temporality: 'delta' | 'cumulative' | undefined;
  readonly attributes: Attributes;
  /** The number, or the count of a histogram. */
  readonly value: number;
  /** Of a histogram. */
  readonly sum?: number;
  /** Of a histogram with explicit bounds: how many are in each bucket. */
  readonly buckets?: readonly number[];
  readonly bounds?: readonly number[];
  /** Nanoseconds since the epoch, as text: no number has room for them. */
  readonly start: string;
  readonly time: string;
}

// biome-ignore lint/suspicious/noExplicitAny: a message is whatever the exporter made of it
type Message = any;

/** The points of an export request in protobuf. @throws Error when it is not one */
export function pointsOfProtobuf(bytes: Uint8Array): ReceivedPoint[] {
  return pointsOf(request.toObject(request.decode(bytes), { longs: String, arrays: true }));
}

/** The points of an export request in OTLP's JSON. @throws Error when it is not one */
export function pointsOfJson(text: string): ReceivedPoint[] {
  return pointsOf(JSON.parse(text));
}

function pointsOf({ resourceMetrics }: Message): ReceivedPoint[] {
  return resourceMetrics.flatMap(({ resource, scopeMetrics }: Message) =>
    scopeMetrics.flatMap(({ metrics }: Message) =>
      metrics.flatMap((metric: Message) => pointsOfMetric(metric, attributesOf(resource.attributes))),
    ),
  );
}

function pointsOfMetric({ name, unit = '', ...data }: Message, resource: Attributes): ReceivedPoint[] {
  const kinds = ['gauge', 'sum', 'histogram', 'exponentialHistogram'] as const;
  const kind = kinds.find((one) => data[one]);
  if (kind === undefined) throw new Error(`${name} is of no kind`);
  const { aggregationTemporality, dataPoints } = data[kind];
  return dataPoints.map((point: Message) => ({
    resource,
    name,
    unit,
    kind,
    temporality: [undefined, 'delta', 'cumulative'][aggregationTemporality],
    attributes: attributesOf(point.attributes),
    value: Number(point.asDouble ?? point.asInt ?? point.count ?? 0),
    ...(point.sum !== undefined && { sum: point.sum }),
    ...(kind === 'histogram' && { buckets: point.bucketCounts.map(Number), bounds: point.explicitBounds }),
    start: String(point.startTimeUnixNano),
    time: String(point.timeUnixNano),
  }));
}

function attributesOf(pairs: Message = []): Attributes {
  return Object.fromEntries(
    pairs.map(({ key, value }: Message) => [
      key,
      value.stringValue ?? value.boolValue ?? Number(value.intValue ?? value.doubleValue),
    ]),
  );
}

/**
 * The points under the names, labels and buckets that a page has for them (OTLP Metric points to Prometheus), for instruments
 * that count in seconds, bytes or things.
 */
export function asOnAPage(points: readonly ReceivedPoint[]): Map<string, number> {
  const series = new Map<string, number>();
  for (const { name, unit, kind, attributes, value, sum = 0, buckets = [], bounds = [] } of points) {
    const base = name.replaceAll('.', '_') + ({ s: '_seconds', By: '_bytes' }[unit] ?? '');
    const labels = Object.entries(attributes).map(([key, of]): [string, string] => [
      key.replaceAll('.', '_'),
      String(of),
    ]);
    const set = (end: string, of: number, ...more: [string, string][]) =>
      series.set(seriesKey(base + end, [...labels, ...more]), of);
    if (kind !== 'histogram') {
      set(kind === 'sum' ? '_total' : '', value);
      continue;
    }
    set('_count', value);
    set('_sum', sum);
    let below = 0;
    for (const [index, count] of buckets.entries()) {
      below += count;
      set('_bucket', below, ['le', String(bounds[index] ?? '+Inf')]);
    }
  }
  return series;
}

/** The same text for the same series, however a page writes its bounds. */
export function seriesKey(name: string, labels: readonly [string, string][]): string {
  const plain = labels.map(([label, value]) => [
    label,
    label === 'le' ? Number(value.replace('Inf', 'Infinity')) : value,
  ]);
  return `${name} ${JSON.stringify(plain.sort())}`;
}
