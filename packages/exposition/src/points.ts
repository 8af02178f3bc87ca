import {
  AggregationTemporality,
  type DataPoint,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import type { Exemplar } from './exemplars.ts';
import type { Family, Warn } from './families.ts';
import type { Summary } from './summary.ts';

/** Points that are written one after another before a caller may want to do something else. */
export const POINTS_AT_ONCE = 32;

/** A chunk of a page that is made for that alone. */
export const NOTHING_YET = new Uint8Array();

/** A point of a metric, with the exemplars that OpenTelemetry's JavaScript type has no place for. */
export type Point = DataPoint<number | Histogram | ExponentialHistogram | Summary> & {
  readonly exemplars?: readonly Exemplar[];
};

/** Whether a metric's numbers are totals since the start; a page has no place for others. */
export function isCumulative({ aggregationTemporality, descriptor }: MetricData, warn: Warn): boolean {
  if (aggregationTemporality === AggregationTemporality.CUMULATIVE) return true;
  warn(`metric "${descriptor.name}" is not on the page: its temporality is not cumulative`);
  return false;
}

/** Whether a number of a family, if that is a counter, is one that a counter can have. */
export function mayBeCounter({ name, type }: Family, value: number, warn: Warn): boolean {
  if (type !== 'counter' || value >= 0) return true;
  warn(`a point of the counter ${name} is not on the page: it is negative or not a number`);
  return false;
}
