/** The middle of some measurements and how far they lie apart. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One figure of the bare service and of a variant, each measured right beside the other. */
export type Pair = readonly [bare: number, variant: number];

export interface Compared {
  /** Median of the bare service. */
  readonly bare: number;
  /** Median of the variant. */
  readonly variant: number;
  /** Variant ÷ bare of each pair: what both had to bear of a busy machine is not in it. */
  readonly ratio: Spread;
  /** Variant − bare of each pair. */
  readonly difference: Spread;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** @param fraction from 0 to 1, such as 0.99 */
export function quantile(values: Float64Array, fraction: number): number {
  const sorted = values.slice().sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))]!;
}

export function compare(pairs: readonly Pair[]): Compared {
  return {
    bare: median(pairs.map(([bare]) => bare)),
    variant: median(pairs.map(([, variant]) => variant)),
    ratio: spread(pairs.map(([bare, variant]) => variant / bare)),
    difference: spread(pairs.map(([bare, variant]) => variant - bare)),
  };
}
