import type { Attributes } from '@opentelemetry/api';
import { defined, type MetricOptions, type PartialAttributes } from './cell-metric.ts';
import type { CellPoint, Timestamp } from './metric-data.ts';

/** Gives one point of an observed metric: its value, in the unit of the metric, and its attributes. */
export type ReportPoint = (value: number, attributes: PartialAttributes) => void;

/** Reads what is observed, at each collection; may be asynchronous. */
export type Observe = (report: ReportPoint) => void | Promise<void>;

/** A metric that somebody else keeps and that is read at each collection: what is no longer reported is no longer there. */
export class ObservedMetric {
  readonly options: MetricOptions;
  readonly #observe: Observe;
  /** The attributes of the previous collection: a series keeps its attributes object for as long as it is reported. */
  #known = new Map<string, Attributes>();

  constructor(options: MetricOptions, observe: Observe) {
    this.options = options;
    this.#observe = observe;
  }

  async points(startTime: Timestamp, endTime: Timestamp): Promise<CellPoint<number>[]> {
    const points: CellPoint<number>[] = [];
    const seen = new Map<string, Attributes>();
    await this.#observe((value, reported) => {
      const entries = defined(reported);
      const key = JSON.stringify(entries);
      const attributes = this.#known.get(key) ?? Object.freeze(Object.fromEntries(entries));
      seen.set(key, attributes);
      points.push({ attributes, startTime, endTime, value });
    });
    this.#known = seen;
    return points;
  }
}
