import type { Attributes, HrTime } from '@opentelemetry/api';
import type { Histogram } from '@opentelemetry/sdk-metrics';
import { timestamp } from '@otel-register/cells';
import type { Summary } from '@otel-register/exposition';
import type { PromClientExemplar, PromClientMetric, PromClientSeries, PromClientSource } from '@otel-register/probes';

type Value = number | Histogram | Summary;

/** A series as a point, which like those of cells says what is counted when it is read. */
class Point {
  readonly attributes: Attributes;
  readonly startTime: HrTime;
  /** What prom-client has of it, which for a gauge that is set is another object each time. */
  series: PromClientSeries;
  readonly #read: (series: PromClientSeries) => Value;

  constructor(
    attributes: Attributes,
    startTime: HrTime,
    series: PromClientSeries,
    read: (series: PromClientSeries) => Value,
  ) {
    this.attributes = attributes;
    this.startTime = startTime;
    this.series = series;
    this.#read = read;
  }

  get endTime(): HrTime {
    return timestamp(Date.now());
  }

  get value(): Value {
    return this.#read(this.series);
  }

  get exemplars() {
    const { exemplar, bucketExemplars } = this.series;
    const all = bucketExemplars ? Object.values(bucketExemplars) : [exemplar];
    return all.flatMap((one) => (one ? exemplarsOf(one) : []));
  }
}

/** The series of a metric, each with the same attributes object for as long as prom-client has it. */
export class MetricSeries {
  readonly #metric: PromClientMetric;
  readonly #read: (series: PromClientSeries) => Value;
  readonly #startTime: HrTime;
  #known = new Map<string, Point>();
  #defaultLabels: object | undefined;

  constructor({ metric, kind, since }: PromClientSource) {
    this.#metric = metric;
    this.#read = READERS[kind](metric);
    this.#startTime = timestamp(since);
  }

  /** Every series that there is now. @param defaultLabels of those that do not have them themselves */
  *points(defaultLabels: Readonly<Record<string, unknown>>): Generator<Point, void, void> {
    if (this.#defaultLabels !== defaultLabels) this.#known = new Map();
    this.#defaultLabels = defaultLabels;
    const { hashMap, pruneAgedBuckets } = this.#metric;
    const now = new Map<string, Point>();
    for (const key of Object.keys(hashMap)) {
      const series = hashMap[key];
      if (!series) continue;
      // As prom-client does where its own page is asked for.
      if (pruneAgedBuckets && series.td.size() === 0) {
        delete hashMap[key];
        continue;
      }
      let point = this.#known.get(key);
      if (point) point.series = series;
      else point = new Point(attributesOf(series, defaultLabels), this.#startTime, series, this.#read);
      now.set(key, point);
      yield point;
    }
    this.#known = now;
  }
}

const numberOf = ({ value }: PromClientSeries) => value;

/** What makes of a series its value, by the kind of metric. */
const READERS: Record<PromClientSource['kind'], (metric: PromClientMetric) => (series: PromClientSeries) => Value> = {
  counter: () => numberOf,
  gauge: () => numberOf,
  histogram: histogramOf,
  summary: summaryOf,
};

/** prom-client takes bounds in any order, more than once and infinite. */
function histogramOf({ upperBounds }: PromClientMetric): (series: PromClientSeries) => Histogram {
  const boundaries = ascending(upperBounds.filter(Number.isFinite));
  const keys = boundaries.map(String);
  return ({ bucketValues, sum, count }) => {
    const counts = keys.map((key) => bucketValues[key] ?? 0);
    counts.push(counts.reduce((rest, one) => rest - one, count));
    return { buckets: { boundaries, counts }, sum, count };
  };
}

function summaryOf({ percentiles }: PromClientMetric): (series: PromClientSeries) => Summary {
  const quantiles = ascending(percentiles.filter((quantile) => quantile >= 0 && quantile <= 1));
  // prom-client has 0 for one that is not known.
  return ({ td, sum, count }) => ({ quantiles, values: quantiles.map((one) => td.percentile(one) || 0), sum, count });
}

function ascending(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** The labels as prom-client writes them, with `undefined` and `null` as words. */
function attributesOf({ labels }: PromClientSeries, defaultLabels: Readonly<Record<string, unknown>>): Attributes {
  const pairs = Object.entries({ ...defaultLabels, ...labels }).map(([name, value]) => [name, String(value)]);
  return Object.freeze(Object.fromEntries(pairs));
}

function exemplarsOf({ labelSet, value, timestamp }: PromClientExemplar) {
  if (value === null || timestamp === undefined) return [];
  return [{ value, time: timestamp * 1000, filteredAttributes: labelSet as Attributes }];
}
