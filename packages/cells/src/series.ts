import type { Attributes } from '@opentelemetry/api';
import type { Exemplar } from './exemplars.ts';
import { type CellPoint, type Timestamp, timestamp } from './metric-data.ts';

/** What all cells are to a reader. */
export interface Cell {
  readonly value: number | { readonly count: number };
  readonly exemplars?: readonly Exemplar[];
}

/**
 * A cell and the attributes that it is bound to: the same object at each collection, for as long as the series lives. It is a
 * point too, one that says what is counted when it is read: so collecting many thousands of them costs next to nothing.
 */
export class Series<C extends Cell> implements CellPoint<unknown> {
  readonly attributes: Attributes;
  readonly cell: C;
  readonly startTime: Timestamp;

  constructor(attributes: Attributes, cell: C, startTime: Timestamp) {
    this.attributes = attributes;
    this.cell = cell;
    this.startTime = startTime;
  }

  get endTime(): Timestamp {
    return timestamp(Date.now());
  }

  /** Of the moment at which it is read, and whole: nothing is recorded in between. */
  get value(): C['value'] {
    return this.cell.value;
  }

  get exemplars(): readonly Exemplar[] {
    return this.cell.exemplars ?? [];
  }
}

/** The point as it is now, for readers that keep it. */
export function snapshot({ attributes, startTime, value, exemplars = [] }: CellPoint<unknown>, endTime: Timestamp) {
  return { attributes, startTime, endTime, value, ...(exemplars.length > 0 ? { exemplars } : {}) };
}
