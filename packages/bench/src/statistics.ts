/** Some measurements: half of them lie between the quartiles. */
export interface Spread {
  readonly min: number;
  readonly lowerQuartile: number;
  readonly median: number;
  readonly upperQuartile: number;
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

/**
 * The value below which a part of all values lies, in between two of them where it falls there; NaN of no values.
 *
 * @param part from 0 to 1, such as 0.99
 */
export function quantile(values: Iterable<number>, part: number): number {
  const sorted = Float64Array.from(values).sort();
  const position = (sorted.length - 1) * part;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: Iterable<number>): number {
  return quantile(values, 0.5);
}

export function spread(values: readonly number[]): Spread {
  const at = (part: number) => quantile(values, part);
  return { min: at(0), lowerQuartile: at(0.25), median: at(0.5), upperQuartile: at(0.75), max: at(1) };
}

export function compare(pairs: readonly Pair[]): Compared {
  return {
    bare: median(pairs.map(([bare]) => bare)),
    variant: median(pairs.map(([, variant]) => variant)),
    ratio: spread(pairs.map(([bare, variant]) => variant / bare)),
    difference: spread(pairs.map(([bare, variant]) => variant - bare)),
  };
}
