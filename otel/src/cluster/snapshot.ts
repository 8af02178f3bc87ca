import { deserialize, serialize } from 'node:v8';
import type { Attributes, HrTime } from '@opentelemetry/api';
import type { ExponentialHistogram, Histogram, MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { CellPoint } from '@otel-register/cells';
import type { Summary } from '@otel-register/exposition';
import type { CombinedDescriptor } from './gauges.ts';
import { withPoints } from './merge.ts';
import type { KnownSeries } from './series-key.ts';

type Value = number | Histogram | ExponentialHistogram | Summary;
type Scope = ScopeMetrics['scope'];

/** A histogram without the names of its fields, which would be most of its bytes. */
type PackedHistogram = [readonly number[], readonly number[], ...(number | undefined)[]];
type PackedPoint = [
  string,
  HrTime,
  HrTime,
  number | PackedHistogram | ExponentialHistogram | Summary,
  CellPoint<Value>['exemplars']?,
];

interface Piece {
  readonly scope: Scope;
  /** Without its points. */
  readonly metric: MetricData;
  readonly points: readonly PackedPoint[];
}

/** Points in a piece: a fraction of a millisecond of work. */
const PIECE = 250;

/** Bytes before each piece: its length. */
const HEAD = 4;

/**
 * Metrics as bytes for another process, in pieces: each is ready to be written when it is asked for, and its points are read
 * then.
 *
 * @param keyOf the text by which the reader knows the series of a point
 */
export function* encode(
  scopeMetrics: readonly ScopeMetrics[],
  keyOf: (attributes: Attributes, metric: MetricData) => string,
): Generator<Buffer, void, void> {
  for (const { scope, metrics } of scopeMetrics) {
    for (const metric of metrics) {
      const { name, description, unit, valueType, combination, type } = metric.descriptor as CombinedDescriptor;
      if (combination === 'none') continue;
      const more = { ...(combination && { combination }), ...(type && { type }) };
      const descriptor = { name, description, unit, valueType, ...more };
      const described = withPoints({ ...metric, descriptor }, []);
      const points = metric.dataPoints as CellPoint<Value>[];
      for (let from = 0; from < points.length; from += PIECE) {
        const piece: Piece = {
          scope,
          metric: described,
          points: points.slice(from, from + PIECE).map((point) => packed(point, keyOf(point.attributes, metric))),
        };
        yield framed(serialize(piece));
      }
    }
  }
}

/** The metrics in bytes that `encode` has made, piece by piece. */
export function* decode(
  bytes: Buffer,
  known: KnownSeries,
): Generator<{ readonly scope: Scope; readonly metric: MetricData }, void, void> {
  for (let at = 0; at + HEAD <= bytes.length; ) {
    const end = at + HEAD + bytes.readUInt32LE(at);
    const { scope, metric, points } = deserialize(bytes.subarray(at + HEAD, end)) as Piece;
    yield {
      scope,
      metric: withPoints(
        metric,
        points.map((point) => unpacked(point, known)),
      ),
    };
    at = end;
  }
}

export function framed(bytes: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(HEAD + bytes.length);
  frame.writeUInt32LE(bytes.length);
  bytes.copy(frame, HEAD);
  return frame;
}

function packed({ startTime, endTime, value, exemplars }: CellPoint<Value>, key: string): PackedPoint {
  const point: PackedPoint = [key, startTime, endTime, packedValue(value)];
  if (exemplars !== undefined && exemplars.length > 0) point.push(exemplars);
  return point;
}

function packedValue(value: Value): PackedPoint[3] {
  if (typeof value === 'number' || !('buckets' in value)) return value;
  const { buckets, count, sum, min, max } = value;
  return [buckets.boundaries, buckets.counts, count, sum, min, max];
}

function unpacked([key, startTime, endTime, value, exemplars]: PackedPoint, known: KnownSeries): CellPoint<Value> {
  return {
    attributes: known.attributes(key),
    startTime,
    endTime,
    value: Array.isArray(value) ? unpackedHistogram(value, known) : value,
    ...(exemplars && { exemplars }),
  };
}

function unpackedHistogram([bounds, counts, count, sum, min, max]: PackedHistogram, known: KnownSeries): Histogram {
  const boundaries = known.boundaries(bounds) as number[];
  const histogram: Histogram = { buckets: { boundaries, counts: counts as number[] }, count: count ?? 0 };
  if (sum !== undefined) histogram.sum = sum;
  if (min !== undefined) histogram.min = min;
  if (max !== undefined) histogram.max = max;
  return histogram;
}
