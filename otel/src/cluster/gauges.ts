import type { InstrumentType, MetricDescriptor } from '@opentelemetry/sdk-metrics';

/**
 * How one number is made of the gauges of several processes: `mean` is that of the processes. What has `none` means nothing beside
 * others, and is on no page of several.
 */
export type Combination = 'min' | 'max' | 'mean' | 'sum' | 'none';

/** Of a metric that says itself what several processes come to, and of what kind its instrument is. */
export interface CombinedDescriptor extends MetricDescriptor {
  readonly type?: InstrumentType;
  readonly combination?: Combination;
}

/** Gauges whose names say what they are; the rest are the highest of all. */
const COMBINATIONS: readonly (readonly [RegExp, Combination])[] = [
  [/\.min$/, 'min'],
  [/\.(?:mean|utilization)$/, 'mean'],
  [/^process\.start_time$/, 'min'],
  [/^v8js\.resource\.active$/, 'sum'],
];

const known = new Map<string, Combination>();

/**
 * As the metric says, or by its name. What nothing is known of, the application's own gauges among them, is the highest: a gauge
 * is what makes no sense when added up (data model, "Gauge"; an up-down counter is what can be), the age of a cache or the lag of
 * a consumer is judged by the worst process, and what is alike in all, a version or a limit, stays what it is.
 */
export function combinationOf({ name, combination: said }: CombinedDescriptor): Combination {
  let combination = said ?? known.get(name);
  if (combination === undefined) {
    combination = COMBINATIONS.find(([pattern]) => pattern.test(name))?.[1] ?? 'max';
    if (known.size < 10_000) known.set(name, combination);
  }
  return combination;
}

/** @param before how many processes `value` is made of */
export function combine(combination: Combination, value: number, next: number, before: number): number {
  switch (combination) {
    case 'min':
      return Math.min(value, next);
    case 'max':
    case 'none':
      return Math.max(value, next);
    case 'sum':
      return value + next;
    case 'mean':
      return value + (next - value) / (before + 1);
  }
}
