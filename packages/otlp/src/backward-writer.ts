/** Strings from this length on are written by Node.js: below it, the way there costs more than it saves. */
const LONG = 64;

const HEX = new Uint8Array(128);
for (let digit = 0; digit < 16; digit++) {
  HEX[digit.toString(16).charCodeAt(0)] = digit;
  HEX[digit.toString(16).toUpperCase().charCodeAt(0)] = digit;
}

/**
 * Writes a message of protocol buffers from its end to its beginning: the length of what is inside stands before it, and is
 * known only when that is written. Everything comes out in the reverse order of the calls.
 */
export class BackwardWriter {
  #bytes: Buffer;
  /** Of the first byte that is written. */
  #at: number;

  /** @param room bytes to begin with */
  constructor(room: number) {
    this.#bytes = Buffer.allocUnsafeSlow(room);
    this.#at = room;
  }

  /** What was written. */
  get written(): Uint8Array {
    return this.#bytes.subarray(this.#at);
  }

  /** How much was written. */
  get length(): number {
    return this.#bytes.length - this.#at;
  }

  /** Forgets it; the room stays. */
  clear(): void {
    this.#at = this.#bytes.length;
  }

  byte(value: number): void {
    if (this.#at === 0) this.#grow(1);
    this.#bytes[--this.#at] = value;
  }

  bytes(values: Uint8Array): void {
    const { length } = values;
    if (this.#at < length) this.#grow(length);
    this.#at -= length;
    this.#bytes.set(values, this.#at);
  }

  /** A length, or a number from 0 to 2^32 - 1. */
  varint(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    if (this.#at < 5) this.#grow(5);
    let width = 2;
    for (let rest = value >>> 14; rest > 0; rest >>>= 7) width++;
    let to = this.#at - width;
    this.#at = to;
    const target = this.#bytes;
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) target[to++] = (rest & 0x7f) | 0x80;
    target[to] = rest;
  }

  /** A whole number as `int64` has it: a negative one takes ten bytes. */
  int64(value: number): void {
    if (value >= 0 && value <= 0xffff_ffff) {
      this.varint(value);
      return;
    }
    const groups: number[] = [];
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) groups.push(Number(rest & 0x7fn) | 0x80);
    groups.push(Number(rest));
    this.bytes(Uint8Array.from(groups));
  }

  double(value: number): void {
    if (this.#at < 8) this.#grow(8);
    this.#at -= 8;
    this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** Seconds and nanoseconds, as nanoseconds in a `fixed64`, which has more digits than a number of JavaScript. */
  nanoseconds([seconds, nanoseconds]: readonly [number, number]): void {
    const upper = Math.floor(seconds / 0x1_0000) * 1e9;
    const lower = (seconds & 0xffff) * 1e9 + nanoseconds;
    const low = (upper % 0x1_0000) * 0x1_0000 + (lower % 0x1_0000_0000);
    const high = Math.floor(upper / 0x1_0000) + Math.floor(lower / 0x1_0000_0000) + (low >= 0x1_0000_0000 ? 1 : 0);
    this.fixed32(high);
    this.fixed32(low);
  }

  /** @param value its lowest 32 bits count */
  fixed32(value: number): void {
    if (this.#at < 4) this.#grow(4);
    const target = this.#bytes;
    let to = this.#at - 4;
    this.#at = to;
    target[to++] = value;
    target[to++] = value >>> 8;
    target[to++] = value >>> 16;
    target[to] = value >>> 24;
  }

  /** Bytes that are given as hexadecimal digits, with their length. */
  hex(digits: string): void {
    const length = digits.length >>> 1;
    if (this.#at < length) this.#grow(length);
    const target = this.#bytes;
    let to = this.#at - length;
    this.#at = to;
    for (let from = 0; from < digits.length; from += 2) {
      target[to++] = ((HEX[digits.charCodeAt(from)] as number) << 4) | (HEX[digits.charCodeAt(from + 1)] as number);
    }
    this.varint(length);
  }

  /** A text, with its length. */
  text(text: string): void {
    const { length } = text;
    if (length < LONG && this.#ascii(text, length)) {
      this.byte(length);
      return;
    }
    const bytes = Buffer.byteLength(text);
    if (this.#at < bytes) this.#grow(bytes);
    this.#at -= bytes;
    this.#bytes.write(text, this.#at, bytes, 'utf8');
    this.varint(bytes);
  }

  /** Writes a text without its length, unless it has other characters. */
  #ascii(text: string, length: number): boolean {
    if (this.#at < length) this.#grow(length);
    const target = this.#bytes;
    let to = this.#at - length;
    for (let from = 0; from < length; from++) {
      const code = text.charCodeAt(from);
      if (code > 0x7f) return false;
      target[to++] = code;
    }
    this.#at -= length;
    return true;
  }

  /** Makes room for so many bytes more. */
  #grow(more: number): void {
    const old = this.written;
    const length = Math.max(this.#bytes.length * 2, old.length + more);
    this.#bytes = Buffer.allocUnsafeSlow(length);
    this.#at = length - old.length;
    this.#bytes.set(old, this.#at);
  }
}
