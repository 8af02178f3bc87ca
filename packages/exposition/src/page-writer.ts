import { sampleValue } from './numbers.ts';

/** Bytes of a chunk; one text that is longer has a chunk of its own. */
const CHUNK = 64 * 1024;

/** Most bytes that a character of a JavaScript string takes in UTF-8. */
const WIDEST = 3;

const LINE_FEED = 0x0a;
const ZERO = 0x30;
/** Characters of the longest number, `-1.2345678901234567e-308`, and one to spare. */
const LONGEST_NUMBER = 25;
/** From here on a number is no longer written digit by digit. */
const MOST_DIGITS = 1e9;

/** Gives memory of at least so many bytes, which may be of a chunk that is no longer needed. */
export type Allocate = (bytes: number) => Buffer;

/**
 * Writes a page as UTF-8 into chunks, so that no page is ever in memory as a whole, neither as text nor as bytes. Written for
 * pages of a million lines: a line costs no string but the beginning of its series, and that once a series.
 */
export class PageWriter {
  readonly #allocate: Allocate;
  #chunk: Buffer;
  #at = 0;
  #full: Uint8Array[] = [];
  /** The beginning of the previous line, `name{labels`, and where its parts stand in the chunk; none in a new chunk. */
  #name: Uint8Array | undefined;
  #labels = '';
  #lineAt = 0;
  #labelsAt = 0;
  #labelsEnd = 0;

  constructor(allocate: Allocate) {
    this.#allocate = allocate;
    this.#chunk = allocate(CHUNK);
  }

  /** Writes a text as it is. */
  text(text: string): void {
    this.#room(text.length * WIDEST);
    this.#at += this.#chunk.write(text, this.#at);
  }

  /**
   * Writes a line: `name`, `labels`, `end`, the value, `tail`. What it has in common with the line before is copied from there,
   * if it is the same array and the same string.
   */
  sample(name: Uint8Array, labels: string, end: Uint8Array, value: number, tail = ''): void {
    this.#room(name.length + (labels.length + tail.length) * WIDEST + end.length + LONGEST_NUMBER + 1);
    const chunk = this.#chunk;
    const lineAt = this.#at;
    const hasLabels = this.#name !== undefined && labels === this.#labels;
    if (hasLabels && name === this.#name) {
      chunk.copyWithin(lineAt, this.#lineAt, this.#labelsEnd);
      this.#at += this.#labelsEnd - this.#lineAt;
    } else {
      chunk.set(name, lineAt);
      this.#at += name.length;
      if (hasLabels) {
        chunk.copyWithin(this.#at, this.#labelsAt, this.#labelsEnd);
        this.#at += this.#labelsEnd - this.#labelsAt;
      } else {
        this.#at += chunk.write(labels, this.#at);
      }
    }
    this.#name = name;
    this.#labels = labels;
    this.#lineAt = lineAt;
    this.#labelsAt = lineAt + name.length;
    this.#labelsEnd = this.#at;
    for (let i = 0; i < end.length; i++) chunk[this.#at + i] = end[i] as number;
    this.#at += end.length;
    this.#number(value);
    if (tail !== '') this.#at += chunk.write(tail, this.#at);
    chunk[this.#at++] = LINE_FEED;
  }

  /** The next chunk that is full. */
  takeFull(): Uint8Array | undefined {
    return this.#full.shift();
  }

  /** All that is left, at the end of the page. */
  takeRest(): Uint8Array[] {
    if (this.#at > 0) this.#full.push(this.#chunk.subarray(0, this.#at));
    return this.#full.splice(0);
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value < 0 || value >= MOST_DIGITS || Object.is(value, -0)) {
      this.#at += this.#chunk.write(sampleValue(value), this.#at, 'latin1');
      return;
    }
    let rest = value | 0;
    let digits = 1;
    for (let limit = 10; limit <= rest; limit *= 10) digits++;
    const end = this.#at + digits;
    for (let at = end - 1; at >= this.#at; at--) {
      const tens = (rest / 10) | 0;
      this.#chunk[at] = ZERO + rest - tens * 10;
      rest = tens;
    }
    this.#at = end;
  }

  #room(bytes: number): void {
    if (this.#at + bytes > this.#chunk.length) this.#turnOver(bytes);
  }

  #turnOver(bytes: number): void {
    if (this.#at > 0) this.#full.push(this.#chunk.subarray(0, this.#at));
    this.#chunk = this.#allocate(Math.max(CHUNK, bytes));
    this.#at = 0;
    this.#name = undefined;
  }
}
