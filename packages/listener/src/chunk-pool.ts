/**
 * Memory for the chunks of one page, used again as soon as a chunk has left: a page of many megabytes would otherwise drive the
 * garbage collector into pauses longer than the page's own.
 */
export class ChunkPool {
  readonly #free: Buffer[] = [];

  readonly allocate = (bytes: number): Buffer => {
    const chunk = this.#free.pop();
    return chunk !== undefined && chunk.length >= bytes ? chunk : Buffer.allocUnsafeSlow(bytes);
  };

  /** Gives back the memory of a chunk, which is nobody's any more. */
  readonly release = (chunk: Uint8Array): void => {
    this.#free.push(Buffer.from(chunk.buffer as ArrayBuffer));
  };
}
