import type { Attributes } from '@opentelemetry/api';
import type { Timestamp } from './metric-data.ts';
import { type Cell, Series } from './series.ts';

/** Name, UCUM unit and description as OpenTelemetry's instruments have them: names dotted, no unit in the name. */
export interface MetricOptions {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
}

/** Attributes as a probe has them: those that are undefined do not exist on the series. */
export type PartialAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** The label set of the series that takes what is beyond a bound (metrics SDK, "Cardinality limits"). */
export const OVERFLOW: PartialAttributes = Object.freeze({ 'otel.metric.overflow': true });

/** The series of one metric: bound once by their attributes, at most `limit` of them and one for what overflows. */
export class CellMetric<C extends Cell> {
  readonly options: MetricOptions;
  readonly #limit: number;
  readonly #makeCell: () => C;
  readonly #startTime: Timestamp;
  readonly #series = new Map<string, Series<C>>();

  constructor(options: MetricOptions, limit: number, makeCell: () => C, startTime: Timestamp) {
    this.options = options;
    this.#limit = limit;
    this.#makeCell = makeCell;
    this.#startTime = startTime;
  }

  /** The cell for these attributes, always the same one; the overflow cell once the metric has its full number of series. */
  bind(attributes: PartialAttributes): C {
    const entries = defined(attributes);
    const key = JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
    const known = this.#series.get(key);
    if (known) return known.cell;
    const isFull = this.#series.size - (this.overflow === undefined ? 0 : 1) >= this.#limit;
    if (isFull && attributes !== OVERFLOW) return this.bind(OVERFLOW);
    const cell = this.#makeCell();
    const frozen = Object.freeze(Object.fromEntries(entries)) as Attributes;
    this.#series.set(key, new Series(frozen, cell, this.#startTime));
    return cell;
  }

  /** Ends the series of a cell: what it measured is gone. Recording on the cell afterwards counts nowhere. */
  retire(cell: C): void {
    for (const [key, series] of this.#series) if (series.cell === cell) this.#series.delete(key);
  }

  /** Every living series, in the order in which they were bound. */
  get series(): Iterable<Series<C>> {
    return this.#series.values();
  }

  /** The series of what is beyond the limit, once there is such. */
  get overflow(): Series<C> | undefined {
    return this.#series.get(OVERFLOW_KEY);
  }
}

const OVERFLOW_KEY = JSON.stringify(Object.entries(OVERFLOW));

/** The attributes that exist. */
export function defined(attributes: PartialAttributes): [string, string | number | boolean][] {
  return Object.entries(attributes).filter(
    (entry): entry is [string, string | number | boolean] => entry[1] !== undefined,
  );
}
