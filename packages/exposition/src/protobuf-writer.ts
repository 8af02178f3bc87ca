/** Wire types of protocol buffers. */
const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;

/** Bytes to begin with, enough for most messages. */
const ROOM = 4096;

/** Most bytes of a field's tag, of a length or of any other number up to 2^56. */
const WIDEST_VARINT = 8;

/**
 * Writes a message of protocol buffers from its end to its beginning: the length of what is inside stands before it, and is
 * known only when that is written. Fields come out in the reverse order of the calls.
 */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafeSlow(ROOM);
  /** Bytes that are written, all at the end. */
  #length = 0;

  /** What was written so far, until the next call of any method. */
  get written(): Uint8Array {
    return this.#bytes.subarray(this.#bytes.length - this.#length);
  }

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  double(field: number, value: number): void {
    this.#bytes.writeDoubleLE(value, this.#grow(8));
    this.#tag(field, FIXED64);
  }

  /** An unsigned whole number up to 2^53; left out when it is 0, which is what a reader takes it for then. */
  unsigned(field: number, value: number): void {
    if (value === 0) return;
    this.varint(value);
    this.#tag(field, VARINT);
  }

  /** A whole number as `sint32` and `sint64` have it. */
  signed(field: number, value: number): void {
    this.varint(zigzag(value));
    this.#tag(field, VARINT);
  }

  /** Numbers as a packed `repeated sint64`. */
  packedSigned(field: number, values: readonly number[]): void {
    const end = this.#length;
    for (let index = values.length - 1; index >= 0; index--) this.varint(zigzag(values[index] ?? 0));
    if (values.length > 0) this.close(field, end);
  }

  /** @param encoding `latin1` for bytes that stand in a string, one a character */
  string(field: number, text: string, encoding: 'utf8' | 'latin1' = 'utf8'): void {
    const end = this.#length;
    this.raw(text, encoding);
    this.close(field, end);
  }

  /** Text or whole fields without a tag of their own. */
  raw(text: string, encoding: 'utf8' | 'latin1'): void {
    const bytes = encoding === 'latin1' ? text.length : Buffer.byteLength(text);
    this.#bytes.write(text, this.#grow(bytes), bytes, encoding);
  }

  /** Makes a message, a field of its parent, of all that was written since the length was `end`. */
  close(field: number, end: number): void {
    this.varint(this.#length - end);
    this.#tag(field, LENGTH_DELIMITED);
  }

  varint(value: number): void {
    let width = 1;
    for (let limit = 0x80; limit <= value && width < WIDEST_VARINT; limit *= 0x80) width++;
    let at = this.#grow(width);
    let rest = Math.max(value, 0);
    for (; width > 1; width--) {
      this.#bytes[at++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[at] = rest;
  }

  #tag(field: number, wireType: number): void {
    this.varint(field * 8 + wireType);
  }

  /** Makes room for so many bytes before what is written, and says where. */
  #grow(bytes: number): number {
    const { length } = this.#bytes;
    if (this.#length + bytes > length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(length * 2, this.#length + bytes));
      larger.set(this.written, larger.length - this.#length);
      this.#bytes = larger;
    }
    this.#length += bytes;
    return this.#bytes.length - this.#length;
  }
}

function zigzag(value: number): number {
  return value < 0 ? -2 * value - 1 : 2 * value;
}
