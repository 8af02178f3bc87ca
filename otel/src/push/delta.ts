import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';

export type Value = number | Histogram | ExponentialHistogram;

/**
 * What came between two values of a series (data model, "Temporality": delta); undefined where the series has begun again in between.
 * The least and greatest value of a histogram are not known of a part of the time, and are left out.
 */
export function difference(now: Value, before: Value): Value | undefined {
  if (sizeOf(now) < sizeOf(before)) return undefined;
  if (typeof now === 'number') return now - (before as number);
  return 'buckets' in now
    ? lessHistogram(now, before as Histogram)
    : lessExponential(now, before as ExponentialHistogram);
}

function sizeOf(value: Value): number {
  return typeof value === 'number' ? value : value.count;
}

function lessHistogram(now: Histogram, before: Histogram): Histogram {
  const counts = now.buckets.counts.map((count, bucket) => count - (before.buckets.counts[bucket] ?? 0));
  return {
    buckets: { boundaries: now.buckets.boundaries, counts },
    sum: (now.sum ?? 0) - (before.sum ?? 0),
    count: now.count - before.count,
  };
}

function lessExponential(now: ExponentialHistogram, before: ExponentialHistogram): ExponentialHistogram {
  const { min: _min, max: _max, ...rest } = now;
  return {
    ...rest,
    count: now.count - before.count,
    sum: (now.sum ?? 0) - (before.sum ?? 0),
    zeroCount: now.zeroCount - before.zeroCount,
    positive: lessBuckets(now.positive, before.positive, before.scale - now.scale),
    negative: lessBuckets(now.negative, before.negative, before.scale - now.scale),
  };
}

type Buckets = ExponentialHistogram['positive'];

/** @param coarser the earlier buckets were as fine or finer: each lies within one of now's */
function lessBuckets(now: Buckets, before: Buckets, coarser: number): Buckets {
  const bucketCounts = [...now.bucketCounts];
  for (const [bucket, count] of before.bucketCounts.entries()) {
    const index = ((before.offset + bucket) >> coarser) - now.offset;
    bucketCounts[index] = (bucketCounts[index] ?? 0) - count;
  }
  return { offset: now.offset, bucketCounts };
}
