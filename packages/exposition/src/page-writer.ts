import { sampleValue } from './numbers.ts';

/** Bytes of a chunk; one text that is longer has a chunk of its own. */
const CHUNK = 64 * 1024;

/** Most bytes that a character of a JavaScript string takes in UTF-8. */
const WIDEST = 3;

const LINE_FEED = 0x0a;
const ZERO = 0x30;
/** From here on a number is no longer written digit by digit. */
const MOST_DIGITS = 1e9;

/**
 * Writes a page as UTF-8 into chunks, so that no page is ever in memory as a whole, neither as text nor as bytes. Written for
 * pages of a million lines: a line costs no string but the beginning of its series, and that once a series.
 */
export class PageWriter {
  #chunk = Buffer.allocUnsafeSlow(CHUNK);
  #at = 0;
  #full: Uint8Array[] = [];
  /** The beginning of the previous line, and where it stands in the chunk. */
  #head = '';
  #headAt = 0;
  #headEnd = 0;

  /** Writes a text as it is. */
  text(text: string): void {
    this.#room(text.length * WIDEST);
    this.#at += this.#chunk.write(text, this.#at);
  }

  /**
   * Writes a line: `head`, `middle`, the value, `tail`. Where lines that follow one another have the same `head`, its bytes are
   * copied from the line before.
   */
  sample(head: string, middle: Uint8Array, value: number, tail = ''): void {
    const rest = middle.length + 25 + tail.length * WIDEST;
    if (head === this.#head && this.#at + this.#headEnd - this.#headAt + rest <= this.#chunk.length) {
      const start = this.#at;
      this.#chunk.copyWithin(start, this.#headAt, this.#headEnd);
      this.#at += this.#headEnd - this.#headAt;
      this.#headAt = start;
    } else {
      this.#room(head.length * WIDEST + rest);
      this.#head = head;
      this.#headAt = this.#at;
      this.#at += this.#chunk.write(head, this.#at);
    }
    this.#headEnd = this.#at;
    for (let i = 0; i < middle.length; i++) this.#chunk[this.#at++] = middle[i] as number;
    this.#number(value);
    if (tail !== '') this.#at += this.#chunk.write(tail, this.#at);
    this.#chunk[this.#at++] = LINE_FEED;
  }

  /** The next chunk that is full. */
  takeFull(): Uint8Array | undefined {
    return this.#full.shift();
  }

  /** All that is left, at the end of the page. */
  takeRest(): Uint8Array[] {
    this.#turnOver(0);
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
    this.#chunk = Buffer.allocUnsafeSlow(Math.max(CHUNK, bytes));
    this.#at = 0;
    this.#head = '';
  }
}
