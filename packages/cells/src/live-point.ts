import type { Series } from './cell-metric.ts';
import type { Exemplar } from './exemplars.ts';
import type { CellPoint, Timestamp } from './metric-data.ts';

/** What all cells are to a reader. */
export interface Cell {
  readonly value: number | { readonly count: number };
  readonly exemplars?: readonly Exemplar[];
}

/** A point of a cell that is read when its fields are: small, and cheap to make for many thousands of series. */
export class LivePoint implements CellPoint<unknown> {
  readonly startTime: Timestamp;
  readonly endTime: Timestamp;
  readonly #series: Series<Cell>;

  constructor(series: Series<Cell>, startTime: Timestamp, endTime: Timestamp) {
    this.#series = series;
    this.startTime = startTime;
    this.endTime = endTime;
  }

  get attributes() {
    return this.#series.attributes;
  }

  /** Of the moment at which it is read, and whole: nothing is recorded in between. */
  get value() {
    return this.#series.cell.value;
  }

  get exemplars(): readonly Exemplar[] {
    return this.#series.cell.exemplars ?? [];
  }
}

/** The point as it is now, for readers that keep it. */
export function snapshot({ attributes, startTime, endTime, value, exemplars }: LivePoint): CellPoint<unknown> {
  return { attributes, startTime, endTime, value, ...(exemplars.length > 0 ? { exemplars } : {}) };
}
