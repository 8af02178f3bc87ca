const CHUNK = 64 * 1024;

/** Bytes of which nobody knows yet how many they become; the memory is used again for the next ones. */
export class FamilyMemory {
  readonly #chunks: Buffer[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  clear(): void {
    this.#length = 0;
  }

  append(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; ) {
      const chunk = Math.floor(this.#length / CHUNK);
      const at = this.#length % CHUNK;
      this.#chunks[chunk] ??= Buffer.allocUnsafeSlow(CHUNK);
      const part = bytes.subarray(from, from + CHUNK - at);
      this.#chunks[chunk].set(part, at);
      this.#length += part.length;
      from += part.length;
    }
  }

  /** All that was appended, in parts. */
  *parts(): Generator<Uint8Array, void, void> {
    for (let from = 0; from < this.#length; from += CHUNK) {
      yield (this.#chunks[from / CHUNK] as Buffer).subarray(0, this.#length - from);
    }
  }
}
