/** Observations by bucket: how many are between the bound before, or zero, and each bound; the last bound is infinite. */
export interface Buckets {
  readonly bounds: readonly number[];
  readonly counts: readonly number[];
}

export const NO_BUCKETS: Buckets = { bounds: [], counts: [] };

/** The observations of both. Bounds that differ are those of other instruments: the ones with more observations are taken. */
export function addBuckets(one: Buckets, other: Buckets): Buckets {
  if (one.bounds.length === 0) return other;
  if (other.bounds.length === 0) return one;
  if (!haveSameBounds(one.bounds, other.bounds)) return total(one) >= total(other) ? one : other;
  return { bounds: one.bounds, counts: one.counts.map((count, index) => count + (other.counts[index] ?? 0)) };
}

export function haveSameBounds(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((bound, index) => bound === other[index]);
}

/**
 * An estimate, as Prometheus makes it: observations are taken for evenly spread within their bucket, and those of the last one for
 * no larger than its lower bound.
 *
 * @param q from 0 to 1
 * @returns undefined where there are no observations
 */
export function quantile(q: number, { bounds, counts }: Buckets): number | undefined {
  const all = total({ bounds, counts });
  if (all === 0) return undefined;
  let rank = q * all;
  for (const [index, count] of counts.entries()) {
    const lower = bounds[index - 1] ?? 0;
    const upper = bounds[index] ?? Number.POSITIVE_INFINITY;
    if (rank <= count && count > 0) return Number.isFinite(upper) ? lower + (upper - lower) * (rank / count) : lower;
    rank -= count;
  }
  return bounds.at(-2);
}

function total({ counts }: Buckets): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
