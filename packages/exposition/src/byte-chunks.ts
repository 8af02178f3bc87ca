import type { Allocate } from './page-writer.ts';

const CHUNK = 64 * 1024;

/** Joins bytes of any lengths into chunks of one. */
export class ByteChunks {
  readonly #allocate: Allocate;
  #chunk: Buffer | undefined;
  #at = 0;

  constructor(allocate: Allocate) {
    this.#allocate = allocate;
  }

  /** Takes the bytes in; gives the chunks that they fill. */
  *add(bytes: Uint8Array): Generator<Uint8Array, void, void> {
    for (let from = 0; from < bytes.length; ) {
      this.#chunk ??= this.#allocate(CHUNK);
      const part = bytes.subarray(from, from + CHUNK - this.#at);
      this.#chunk.set(part, this.#at);
      this.#at += part.length;
      from += part.length;
      if (this.#at === CHUNK) yield* this.rest();
    }
  }

  /** What has not left yet. */
  *rest(): Generator<Uint8Array, void, void> {
    const full = this.#chunk?.subarray(0, this.#at);
    this.#chunk = undefined;
    this.#at = 0;
    if (full) yield full;
  }
}
