import { connect } from 'node:net';

export interface Load {
  readonly port: number;
  /** Whole requests as they go over the wire, taken in turn. */
  readonly requests: readonly string[];
  readonly count: number;
  readonly connections: number;
}

export interface LoadResult {
  readonly seconds: number;
  /** Of each request in milliseconds, in no order. */
  readonly latencies: Float64Array;
}

const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i;

/**
 * Sends a number of requests over keep-alive connections, each connection the next one when it has its answer. It reads of
 * an answer only what it needs, so that it stays ahead of the server.
 *
 * @throws Error when an answer is not 200, has no Content-Length or does not come
 */
export async function applyLoad({ port, requests, count, connections }: Load): Promise<LoadResult> {
  const latencies = new Float64Array(count);
  let sent = 0;
  let answered = 0;

  const worker = () =>
    new Promise<void>((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let received = '';
      let sentAt = 0;
      const fail = (why: string) => {
        socket.destroy();
        reject(new Error(`the server on port ${port} ${why}`));
      };
      const next = () => {
        if (sent === count) {
          socket.destroy();
          resolve();
          return;
        }
        sentAt = performance.now();
        socket.write(requests[sent++ % requests.length]!, 'latin1');
      };
      socket.setEncoding('latin1');
      socket.once('connect', next);
      socket.on('error', (error) => fail(`cannot be reached: ${error.message}`));
      socket.on('end', () => fail('closed a connection without an answer'));
      socket.on('data', (text: string) => {
        received += text;
        const head = received.indexOf('\r\n\r\n');
        if (head === -1) return;
        const length = CONTENT_LENGTH.exec(received);
        if (!received.startsWith('HTTP/1.1 200 ') || length === null) return fail(`answered ${received.slice(0, 500)}`);
        if (received.length < head + 4 + Number(length[1])) return;
        latencies[answered++] = performance.now() - sentAt;
        received = '';
        next();
      });
    });

  const start = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  return { seconds: (performance.now() - start) / 1000, latencies };
}
