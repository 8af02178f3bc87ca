import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { cutOff } from './cut-off.ts';
import { inSlices } from './slices.ts';

/** A page of up to so many bytes is sent as a whole, with its length; a longer one in chunks as it is made. */
const WHOLE = 256 * 1024;

/** Bytes that may wait for one reader's connection before the page is made any further. */
const WINDOW = 256 * 1024;

/** Milliseconds that slow readers of a page may hold up the others of the same page, in all. */
const PATIENCE = 1000;

/** Milliseconds of waiting for readers after which others may begin pages of their own. */
const STALLED = 100;

/**
 * One page that is made once for all who asked for it, at the pace of the slowest of them. What waits for their connections
 * is shared and bounded; a reader that holds up others is dropped. A page that fails midway is cut off so that it cannot be
 * taken for a whole one: without a length, without the end of the chunks, with a reset connection.
 */
export class SharedPage {
  /** The answers that are still wanted, with the headers that each is to have. */
  readonly #readers = new Map<ServerResponse, OutgoingHttpHeaders>();
  #hasBegun = false;
  #patience = PATIENCE;
  #wake: () => void = () => {};
  #release: () => void = () => {};
  /** Settles when the page is done, or waits for its readers so long that others need not wait for it. */
  readonly released = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  join(response: ServerResponse, headers: OutgoingHttpHeaders): void {
    this.#readers.set(response, headers);
    response.on('drain', () => this.#wake());
    response.on('close', () => {
      this.#readers.delete(response);
      this.#wake();
    });
  }

  /**
   * Sends what `chunks` gives, and tells `written` of each chunk of a long page that is no longer needed.
   *
   * @throws what `chunks` throws; the readers have no answer or a part of one then: see {@link fail}
   */
  async send(chunks: AsyncIterable<Uint8Array>, written: (chunk: Uint8Array) => void): Promise<void> {
    const first: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of chunks) {
      if (chunk.length === 0) continue;
      if (this.#hasBegun) this.#write([chunk], written);
      else {
        first.push(chunk);
        bytes += chunk.length;
        if (bytes > WHOLE) this.#begin(first.splice(0), written);
      }
      if (this.#readers.size === 0) break;
      await this.#room();
    }
    for await (const response of inSlices(this.#readers.keys())) {
      if (!this.#hasBegun) this.#writeHead(response, bytes);
      for (const chunk of first) response.write(chunk);
      response.end();
    }
    this.#release();
  }

  /** Ends all that is still open: by `answer` where nothing was sent yet, otherwise by cutting it off. */
  fail(answer: (response: ServerResponse) => void): void {
    for (const response of this.#readers.keys()) this.giveUp(response, answer);
    this.#release();
  }

  /** Ends one of the answers in that way. */
  giveUp(response: ServerResponse, answer: (response: ServerResponse) => void): void {
    this.#readers.delete(response);
    if (!response.headersSent) answer(response);
    // What waits whole behind another answer of its connection is there when that is.
    else if (response.socket || !response.writableEnded) cutOff(response.req.socket);
    this.#wake();
  }

  #begin(first: readonly Uint8Array[], written: (chunk: Uint8Array) => void): void {
    this.#hasBegun = true;
    for (const response of this.#readers.keys()) {
      this.#writeHead(response);
      if (response.req.method !== 'HEAD') continue;
      response.end();
      this.#readers.delete(response);
    }
    this.#write(first, written);
  }

  #writeHead(response: ServerResponse, length?: number): void {
    response.writeHead(200, {
      ...this.#readers.get(response),
      ...(length !== undefined && { 'Content-Length': length }),
    });
  }

  #write(chunks: readonly Uint8Array[], written: (chunk: Uint8Array) => void): void {
    for (const chunk of chunks) {
      let readers = this.#readers.size;
      const toOne = () => {
        if (--readers === 0) written(chunk);
      };
      for (const response of this.#readers.keys()) response.write(chunk, toOne);
    }
  }

  /** Waits until no reader's connection has too much before it; a reader that others wait for too long is dropped. */
  async #room(): Promise<void> {
    for (let full = this.#full(); full.length > 0; full = this.#full()) {
      const holdUp = full.length < this.#readers.size;
      const start = performance.now();
      const stalled = setTimeout(this.#release, STALLED).unref();
      await this.#change(holdUp ? this.#patience : undefined);
      clearTimeout(stalled);
      if (!holdUp) continue;
      this.#patience -= performance.now() - start;
      if (this.#patience <= 0)
        for (const response of this.#full()) this.giveUp(response, ({ req }) => cutOff(req.socket));
    }
  }

  #full(): ServerResponse[] {
    return Array.from(this.#readers.keys()).filter(({ writableLength }) => writableLength > WINDOW);
  }

  /** The next time that a reader's connection has become empty or is closed; no later than `limit` milliseconds. */
  #change(limit: number | undefined): Promise<void> {
    return new Promise((resolve) => {
      const timer = limit === undefined ? undefined : setTimeout(resolve, Math.max(limit, 0)).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
