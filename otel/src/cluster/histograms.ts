import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';

/** Two explicit histograms as one. Where their bounds differ, those that both have stay: counts up to them are exact. */
export function addHistograms(a: Histogram, b: Histogram): Histogram {
  const boundaries = sameBounds(a.buckets.boundaries, b.buckets.boundaries)
    ? a.buckets.boundaries
    : a.buckets.boundaries.filter((bound) => b.buckets.boundaries.includes(bound));
  const counts = countsWithin(boundaries, a);
  for (const [bucket, count] of countsWithin(boundaries, b).entries()) counts[bucket]! += count;
  return { buckets: { boundaries, counts }, ...statisticsOf(a, b) };
}

/** Two exponential histograms as one, at the coarser of their scales (data model, "ExponentialHistogram": perfect subsetting). */
export function addExponential(a: ExponentialHistogram, b: ExponentialHistogram): ExponentialHistogram {
  const scale = Math.min(a.scale, b.scale);
  const side = (of: 'positive' | 'negative') =>
    addBuckets(coarsened(a[of], a.scale - scale), coarsened(b[of], b.scale - scale));
  return {
    ...statisticsOf(a, b),
    scale,
    zeroCount: a.zeroCount + b.zeroCount,
    positive: side('positive'),
    negative: side('negative'),
  };
}

type Buckets = ExponentialHistogram['positive'];

/** Each step down joins two neighbours: index i becomes i >> 1. */
function coarsened({ offset, bucketCounts }: Buckets, steps: number): Buckets {
  if (steps === 0 || bucketCounts.length === 0) return { offset, bucketCounts };
  const first = Math.floor(offset / 2 ** steps);
  const counts: number[] = [];
  for (const [index, count] of bucketCounts.entries()) {
    const to = Math.floor((offset + index) / 2 ** steps) - first;
    counts[to] = (counts[to] ?? 0) + count;
  }
  return { offset: first, bucketCounts: counts };
}

function addBuckets(a: Buckets, b: Buckets): Buckets {
  if (a.bucketCounts.length === 0) return b;
  if (b.bucketCounts.length === 0) return a;
  const offset = Math.min(a.offset, b.offset);
  const end = Math.max(a.offset + a.bucketCounts.length, b.offset + b.bucketCounts.length);
  const bucketCounts = new Array<number>(end - offset).fill(0);
  for (const { offset: from, bucketCounts: counts } of [a, b]) {
    for (const [index, count] of counts.entries()) bucketCounts[from - offset + index]! += count;
  }
  return { offset, bucketCounts };
}

function statisticsOf(a: Histogram | ExponentialHistogram, b: Histogram | ExponentialHistogram) {
  return {
    count: a.count + b.count,
    ...(a.sum !== undefined && b.sum !== undefined && { sum: a.sum + b.sum }),
    ...(a.min !== undefined && b.min !== undefined && { min: Math.min(a.min, b.min) }),
    ...(a.max !== undefined && b.max !== undefined && { max: Math.max(a.max, b.max) }),
  };
}

function sameBounds(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((bound, index) => bound === b[index]));
}

/** The counts between some of a histogram's own bounds; a new list. */
function countsWithin(boundaries: readonly number[], { buckets }: Histogram): number[] {
  if (boundaries.length === buckets.boundaries.length) return [...buckets.counts];
  const counts = new Array<number>(boundaries.length + 1).fill(0);
  let bucket = 0;
  for (const [index, count] of buckets.counts.entries()) {
    counts[bucket]! += count;
    if (buckets.boundaries[index] === boundaries[bucket]) bucket++;
  }
  return counts;
}
