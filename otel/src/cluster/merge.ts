import type { Attributes, HrTime } from '@opentelemetry/api';
import {
  type DataPoint,
  DataPointType,
  type ExponentialHistogram,
  type Histogram,
  type MetricData,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import type { CellPoint } from '@otel-register/cells';
import { SUMMARY, type Summary } from '@otel-register/exposition';
import { combinationOf, combine } from './gauges.ts';
import { addExponential, addHistograms } from './histograms.ts';
import { keyOf, OVERFLOW } from './series-key.ts';
import { addSummaries, withoutQuantiles } from './summaries.ts';

type Value = number | Histogram | ExponentialHistogram | Summary;

interface Series {
  attributes: Attributes;
  startTime: HrTime;
  endTime: HrTime;
  value: Value;
  exemplars: CellPoint<Value>['exemplars'];
  /** What rounding has taken from `value` or its sum. */
  rest: number;
  /** How many processes are in `value`. */
  processes: number;
}

interface Merged {
  readonly metric: MetricData;
  readonly series: Map<string, Series>;
}

/**
 * Makes one set of metrics of those of several processes: sums and histograms are added, series by series, gauges are
 * combined by what they are. It takes what it is given piece by piece, so that a large page need not be one long turn of the
 * event loop.
 */
export class Merge {
  readonly #scopes = new Map<string, { scope: ScopeMetrics['scope']; metrics: Map<string, Merged> }>();
  readonly #limit: number;

  /** @param limit most series of a metric; what comes then is added to the overflow series */
  constructor(limit = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  add(scope: ScopeMetrics['scope'], metric: MetricData): void {
    const { series } = this.#merged(scope, metric);
    for (const point of metric.dataPoints as CellPoint<Value>[]) {
      let key = keyOf(point.attributes);
      let { attributes } = point;
      if (series.size >= this.#limit && !series.has(key)) {
        attributes = OVERFLOW;
        key = keyOf(attributes);
      }
      const same = series.get(key);
      if (same) addTo(same, point, metric);
      else series.set(key, { ...seriesOf(point), attributes });
    }
  }

  result(): ScopeMetrics[] {
    return this.#withPoints((series) => Array.from(series, rounded));
  }

  /**
   * What can be merged again with no loss, two points for a series whose value no number can have, to be kept: without
   * exemplars, which would become more and more, and without quantiles, which are of living processes.
   */
  exactResult(): ScopeMetrics[] {
    return this.#withPoints((all) =>
      Array.from(all, (one) => ({ ...one, value: withoutQuantiles(one.value), exemplars: [] })).flatMap((one) =>
        one.rest === 0 ? [one] : [one, restOf(one)],
      ),
    );
  }

  #withPoints(pointsOf: (series: Iterable<Series>) => DataPoint<Value>[]): ScopeMetrics[] {
    return Array.from(this.#scopes.values(), ({ scope, metrics }) => ({
      scope,
      metrics: Array.from(metrics.values(), ({ metric, series }) => withPoints(metric, pointsOf(series.values()))),
    }));
  }

  #merged(scope: ScopeMetrics['scope'], metric: MetricData): Merged {
    const scopeKey = `${scope.name}\n${scope.version ?? ''}`;
    const of = this.#scopes.get(scopeKey) ?? { scope, metrics: new Map<string, Merged>() };
    this.#scopes.set(scopeKey, of);
    // Of another kind it is another metric; that two of one name clash is for the page to say.
    const { descriptor, dataPointType } = metric;
    const kind = 'isMonotonic' in metric ? `${metric.isMonotonic}` : '';
    const key = `${descriptor.name}\n${descriptor.unit}\n${dataPointType}${kind}`;
    const merged = of.metrics.get(key) ?? { metric, series: new Map<string, Series>() };
    of.metrics.set(key, merged);
    return merged;
  }
}

/** Whether a metric of a process is still true when the process is gone: what it counted is, what it was is not. */
export function outlivesItsProcess(metric: MetricData): boolean {
  return metric.dataPointType !== DataPointType.GAUGE && !('isMonotonic' in metric && !metric.isMonotonic);
}

/** The metric with other points of the same kind. */
export function withPoints(metric: MetricData, dataPoints: DataPoint<Value>[]): MetricData {
  return { ...metric, dataPoints } as MetricData;
}

function seriesOf({ attributes, startTime, endTime, value, exemplars }: CellPoint<Value>): Series {
  return { attributes, startTime, endTime, value, exemplars, rest: 0, processes: 1 };
}

function addTo(series: Series, point: CellPoint<Value>, metric: MetricData): void {
  if (isBefore(point.startTime, series.startTime)) series.startTime = point.startTime;
  if (isBefore(series.endTime, point.endTime)) series.endTime = point.endTime;
  if (point.exemplars?.length) series.exemplars = [...(series.exemplars ?? []), ...point.exemplars];
  if (metric.dataPointType !== DataPointType.GAUGE)
    series.rest += lostBy(scalarOf(series.value), scalarOf(point.value));
  series.value = sumOf(metric, series, point.value);
  series.processes++;
}

/**
 * What the addition of two numbers loses (Knuth's TwoSum). Without it, the same numbers added in another order may come to a
 * little less, which Prometheus takes for a counter that has begun again from zero.
 */
function lostBy(a: number, b: number): number {
  const sum = a + b;
  const second = sum - a;
  const lost = a - (sum - second) + (b - second);
  return Number.isFinite(lost) ? lost : 0;
}

function scalarOf(value: Value): number {
  return typeof value === 'number' ? value : (value.sum ?? 0);
}

function rounded(series: Series): Series {
  const { value, rest } = series;
  if (rest === 0) return series;
  return { ...series, value: typeof value === 'number' ? value + rest : { ...value, sum: scalarOf(value) + rest } };
}

function restOf(series: Series): Series {
  const { value, rest } = series;
  return { ...series, value: typeof value === 'number' ? rest : ({ ...emptied(value), sum: rest } as Value) };
}

function emptied(value: Exclude<Value, number>): Exclude<Value, number> {
  if ('quantiles' in value) return { ...value, count: 0 };
  if (!('buckets' in value)) {
    const none = { offset: 0, bucketCounts: [] };
    return { ...value, count: 0, zeroCount: 0, positive: none, negative: none };
  }
  const { boundaries, counts } = value.buckets;
  return { ...value, count: 0, buckets: { boundaries, counts: counts.map(() => 0) } };
}

function sumOf({ dataPointType, descriptor }: MetricData, { value, processes }: Series, next: Value): Value {
  switch (dataPointType) {
    case DataPointType.HISTOGRAM:
      return addHistograms(value as Histogram, next as Histogram);
    case DataPointType.EXPONENTIAL_HISTOGRAM:
      return addExponential(value as ExponentialHistogram, next as ExponentialHistogram);
    case SUMMARY:
      return addSummaries(value as Summary, next as Summary);
    case DataPointType.GAUGE:
      return combine(combinationOf(descriptor), value as number, next as number, processes);
    default:
      return (value as number) + (next as number);
  }
}

function isBefore([seconds, nanoseconds]: HrTime, [than, thanNanoseconds]: HrTime): boolean {
  return seconds < than || (seconds === than && nanoseconds < thanNanoseconds);
}
