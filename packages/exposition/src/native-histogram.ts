import type { ExponentialHistogram } from '@opentelemetry/sdk-metrics';

/** The finest and the coarsest schema that Prometheus has. */
const FINEST_SCHEMA = 8;
const COARSEST_SCHEMA = -4;

/** Width of the zero bucket where the data does not say ("Prometheus and OpenMetrics Compatibility", "Exponential Histograms"). */
const ZERO_THRESHOLD = 1e-128;

/** Buckets one after the other, `offset` behind the end of the span before. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** Counts of buckets as Prometheus has them: where they are, and each count less the one before. */
export interface Buckets {
  readonly spans: readonly Span[];
  readonly deltas: readonly number[];
}

/** The parts of a native histogram that a classic one does not have. */
export interface NativeHistogram {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly positive: Buckets;
  readonly negative: Buckets;
}

/** Why there is no native histogram of an exponential one; undefined where there is. */
export function whyNotNative({ scale, sum }: ExponentialHistogram): string | undefined {
  if (scale < COARSEST_SCHEMA) return 'its buckets are wider than any that Prometheus has';
  return sum === undefined ? 'it has no sum' : undefined;
}

/** An exponential histogram as Prometheus' native one, made coarser where it has to be. */
export function nativeHistogram(histogram: ExponentialHistogram): NativeHistogram {
  const { scale, zeroCount, positive, negative } = histogram;
  const coarser = Math.max(scale - FINEST_SCHEMA, 0);
  return {
    schema: scale - coarser,
    zeroThreshold: (histogram as { zeroThreshold?: number }).zeroThreshold ?? ZERO_THRESHOLD,
    zeroCount,
    positive: bucketsOf(positive, coarser),
    negative: bucketsOf(negative, coarser),
  };
}

function bucketsOf({ offset, bucketCounts }: ExponentialHistogram['positive'], coarser: number): Buckets {
  const spans: { offset: number; length: number }[] = [];
  const deltas: number[] = [];
  let before = 0;
  let end = 0;
  for (let at = 0; at < bucketCounts.length; ) {
    const bucket = (offset + at) >> coarser;
    let count = 0;
    for (; at < bucketCounts.length && (offset + at) >> coarser === bucket; at++) count += bucketCounts[at] ?? 0;
    if (count === 0) continue;
    // OpenTelemetry numbers buckets by their lower bound, Prometheus by the upper one.
    const index = bucket + 1;
    const span = spans.at(-1);
    if (span && index === end) span.length++;
    else spans.push({ offset: index - end, length: 1 });
    end = index + 1;
    deltas.push(count - before);
    before = count;
  }
  return { spans, deltas };
}
