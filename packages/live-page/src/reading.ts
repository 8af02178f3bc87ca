import { addBuckets, type Buckets, haveSameBounds, NO_BUCKETS } from './buckets.ts';
import type { FamilyName } from './families.ts';
import type { Exemplar, MetricsPage, Series } from './openmetrics.ts';

/** One or more series, and what came to them since the reading before. */
export interface Increase {
  /** Since the process started. */
  readonly total: number;
  /** Since the reading before, as are the others. */
  readonly count: number;
  readonly sum: number;
  readonly buckets: Buckets;
  readonly exemplars: readonly Exemplar[];
}

export const NO_INCREASE: Increase = { total: 0, count: 0, sum: 0, buckets: NO_BUCKETS, exemplars: [] };

export function add(one: Increase, other: Increase): Increase {
  return {
    total: one.total + other.total,
    count: one.count + other.count,
    sum: one.sum + other.sum,
    buckets: addBuckets(one.buckets, other.buckets),
    exemplars: other.exemplars.length === 0 ? one.exemplars : [...one.exemplars, ...other.exemplars],
  };
}

type Labels = ReadonlyMap<string, string>;

/** A page of metrics beside the one before it, of the same process or of the one that it has been replaced by. */
export class Reading {
  /** When the process made it, by the process's own clock, as the times of exemplars are: milliseconds since the Unix epoch. */
  readonly time: number;
  /** Since the one before; zero where there is none, and nothing is known to have come since. */
  readonly seconds: number;
  /** Whether the process has started anew since then. */
  readonly isRestart: boolean;
  readonly #page: MetricsPage;
  readonly #before: MetricsPage | undefined;

  /** @param now when it was read, for pages that do not say when they were made */
  constructor(page: MetricsPage, now: number, before?: Reading) {
    this.#page = page;
    const uptime = Math.max(...this.#valuesOf('process_uptime'));
    const made = (this.startTime + uptime) * 1000;
    this.time = Number.isFinite(made) ? made : now;
    this.seconds = before ? Math.max(0, this.time - before.time) / 1000 : 0;
    this.#before = before === undefined ? undefined : before.#page;
    this.isRestart = before !== undefined && this.startTime > before.startTime + 1;
  }

  /** When the process started, of a cluster the oldest one; in seconds since the Unix epoch. */
  get startTime(): number {
    return Math.min(...this.#valuesOf('process_start_time'));
  }

  has(name: FamilyName): boolean {
    return (this.#page.get(name)?.size ?? 0) > 0;
  }

  /** The sum of a gauge's series; undefined where there is none. */
  value(name: FamilyName): number | undefined {
    return this.has(name) ? this.#valuesOf(name).reduce((sum, value) => sum + value, 0) : undefined;
  }

  /** The highest of a gauge's series; undefined where there is none. */
  highest(name: FamilyName): number | undefined {
    return this.has(name) ? Math.max(...this.#valuesOf(name)) : undefined;
  }

  /** The labels of each series. */
  labels(name: FamilyName): Labels[] {
    return Array.from(this.#page.get(name)?.values() ?? [], ({ labels }) => labels);
  }

  /** Gauges by what `keyOf` says of their labels; the series of one key are added up. */
  values(name: FamilyName, keyOf: (labels: Labels) => string): Map<string, number> {
    const values = new Map<string, number>();
    for (const { labels, value } of this.#page.get(name)?.values() ?? []) {
      const key = keyOf(labels);
      values.set(key, (values.get(key) ?? 0) + value);
    }
    return values;
  }

  /** Counters or histograms by what `keyOf` says of their labels; series for which it is undefined are left out. */
  increases(name: FamilyName, keyOf: (labels: Labels) => string | undefined): Map<string, Increase> {
    const increases = new Map<string, Increase>();
    const before = this.#before?.get(name);
    for (const [text, series] of this.#page.get(name) ?? []) {
      const key = keyOf(series.labels);
      if (key === undefined) continue;
      const increase = this.#since(series, before?.get(text));
      const sameKey = increases.get(key);
      increases.set(key, sameKey ? add(sameKey, increase) : increase);
    }
    return increases;
  }

  /** All of them together. */
  increase(name: FamilyName, isMeant: (labels: Labels) => boolean = () => true): Increase {
    return this.increases(name, (labels) => (isMeant(labels) ? '' : undefined)).get('') ?? NO_INCREASE;
  }

  #valuesOf(name: FamilyName): number[] {
    return Array.from(this.#page.get(name)?.values() ?? [], ({ value }) => value);
  }

  /** A series that is new began at zero, and so did one that is lower than it was: its process has started anew. */
  #since(series: Series, before: Series | undefined): Increase {
    const { value: total, sum, bounds, cumulative, exemplars } = series;
    if (this.#before === undefined) return { ...NO_INCREASE, total };
    const base = before && before.value <= total && haveSameBounds(before.bounds, bounds) ? before : undefined;
    const counts = cumulative.map((count, index) => {
      const here = count - (cumulative[index - 1] ?? 0);
      const there = (base?.cumulative[index] ?? 0) - (base?.cumulative[index - 1] ?? 0);
      return Math.max(0, here - there);
    });
    const known = before?.exemplars ?? [];
    return {
      total,
      count: total - (base?.value ?? 0),
      sum: sum - (base?.sum ?? 0),
      buckets: { bounds, counts },
      exemplars: exemplars.filter(
        (one) => !known.some(({ traceId, time }) => traceId === one.traceId && time === one.time),
      ),
    };
  }
}
