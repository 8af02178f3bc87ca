import type { ExponentialHistogram, Histogram } from '@opentelemetry/sdk-metrics';

type Buckets = ExponentialHistogram['positive'];

/** Powers of two from 0.12 ms to 8.5 minutes. */
const OF_SECONDS = powersOfTwo(-13, 9, 1);
/** Powers of four from a millionth to a trillion, for bytes and whatever else there is. */
const OF_ANYTHING = powersOfTwo(-20, 40, 2);

/**
 * A histogram as one with explicit buckets. Exponential ones, which have a layout of their own for every series and moment, get
 * one that only the unit decides: powers of two, which are bounds at every scale but the coarsest, so the counts are exact.
 *
 * @param unit in words
 */
export function classicHistogram(histogram: Histogram | ExponentialHistogram, unit: string): Histogram {
  if ('buckets' in histogram) return histogram;
  const { positive, negative, zeroCount, scale, sum, count } = histogram;
  const boundaries = unit === 'seconds' ? OF_SECONDS : OF_ANYTHING;
  const counts = new Array<number>(boundaries.length + 1).fill(0);
  counts[0] = negative.bucketCounts.reduce((total, one) => total + one, zeroCount);
  addBuckets(counts, boundaries, positive, scale);
  return { buckets: { boundaries, counts }, ...(sum !== undefined && { sum }), count };
}

/** Adds each bucket to the one of the layout that its upper bound lies in. */
function addBuckets(counts: number[], boundaries: readonly number[], { offset, bucketCounts }: Buckets, scale: number) {
  let bucket = 0;
  for (let index = 0; index < bucketCounts.length; index++) {
    const count = bucketCounts[index] ?? 0;
    // Most are empty, and a power costs more than all else here.
    if (count === 0) continue;
    const upperBound = 2 ** ((offset + index + 1) * 2 ** -scale);
    while (bucket < boundaries.length && upperBound > (boundaries[bucket] ?? 0)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + count;
  }
}

function powersOfTwo(from: number, to: number, step: number): number[] {
  return Array.from({ length: (to - from) / step + 1 }, (_, index) => 2 ** (from + index * step));
}
