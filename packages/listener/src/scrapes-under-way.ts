import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { cutOff } from './cut-off.ts';

/** Most connections that scrape at a time; the next one is told to come again. */
const MOST = 100;

/** Milliseconds after which one that has not taken all of its page makes room for the next. */
const PATIENCE = 5000;

/** The connections that wait for a page or are sent one; one that asks again and again without waiting counts once. */
export class ScrapesUnderWay {
  /** Since when, and how many answers there are to come; the oldest first. */
  readonly #connections = new Map<Socket, { readonly since: number; answers: number }>();

  /** Counts a scrape until it is over. Returns false, and does not, where there are too many. */
  begin(response: ServerResponse): boolean {
    const { socket } = response.req;
    const connection = this.#connections.get(socket) ?? { since: performance.now(), answers: 0 };
    if (connection.answers === 0 && !this.#hasRoom()) return false;
    this.#connections.set(socket, connection);
    connection.answers++;
    response.once('close', () => {
      if (--connection.answers === 0) this.#connections.delete(socket);
    });
    return true;
  }

  #hasRoom(): boolean {
    const [oldest] = this.#connections;
    if (!oldest || this.#connections.size < MOST) return true;
    const [socket, { since }] = oldest;
    if (performance.now() - since < PATIENCE) return false;
    this.#connections.delete(socket);
    cutOff(socket);
    return true;
  }
}
