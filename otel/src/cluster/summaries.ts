import type { Summary } from '@otel-register/exposition';

/**
 * Two summaries as one. Of quantiles no quantile can be made: each is the highest of the processes, which that of all
 * observations does not exceed.
 */
export function addSummaries(a: Summary, b: Summary): Summary {
  const highest = new Map<number, number>();
  for (const { quantiles, values, count } of [a, b]) {
    // One that has observed nothing says nothing.
    for (const [index, quantile] of count > 0 ? quantiles.entries() : [])
      highest.set(quantile, Math.max(values[index] ?? Number.NaN, highest.get(quantile) ?? Number.NEGATIVE_INFINITY));
  }
  return {
    quantiles: [...highest.keys()],
    values: [...highest.values()],
    sum: a.sum + b.sum,
    count: a.count + b.count,
  };
}

/** What is still true of a value when the process is gone. */
export function withoutQuantiles<V>(value: V | Summary): V | Summary {
  const isSummary = typeof value === 'object' && value !== null && 'quantiles' in value;
  return isSummary ? { ...value, quantiles: [], values: [] } : value;
}
