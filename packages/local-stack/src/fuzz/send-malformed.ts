import { connect } from 'node:net';
import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { type Malformed, malformedRequests } from './malformed-requests.ts';

/** Milliseconds after which a connection that the server has not closed counts as forgotten. */
const FORGOTTEN = 60_000;

/** Milliseconds that a client waits for an answer to what may be none of HTTP. */
const CURIOUS = 5;

/** Is given what was sent on a connection and all that came back; what it throws is told with what was sent. */
export type Judge = (sent: Malformed, received: Buffer) => void | Promise<void>;

export interface Fuzzing {
  readonly port: number;
  readonly host: string;
  readonly seed: number;
  /** Connections in all. */
  readonly count: number;
  /** Of them at a time. */
  readonly atATime: number;
  /** Milliseconds from one to the next; as fast as it goes unless given. */
  readonly interval?: number;
  readonly judge: Judge;
}

/** Sends malformed requests to a server. @throws Error that says what was sent on the first connection that is judged wrong */
export async function fuzz({ port, host, seed, count, atATime, interval = 0, judge }: Fuzzing): Promise<void> {
  const requests = malformedRequests(seed);
  const start = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const number = next++;
      const sent = requests.next().value;
      const early = start + number * interval - performance.now();
      if (early > 0) await delay(early);
      try {
        await judge(sent, await exchange(port, host, sent));
      } catch (error) {
        next = count;
        const what = `connection ${number} of seed ${seed}, which is ended ${sent.ending}`;
        const pieces = JSON.stringify(sent.pieces).slice(0, 2000);
        throw new Error(`${what}: ${(error as Error).message}\n${pieces}`, { cause: error });
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

/** Sends that on a connection of its own: all that comes back until it is closed. @throws Error when it is not */
export function exchange(port: number, host: string, { pieces, ending }: Malformed): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const received: Buffer[] = [];
    const socket = connect({ port, host, noDelay: true, allowHalfOpen: true });
    const late = setTimeout(() => {
      socket.destroy();
      reject(new Error(`it is not closed after ${FORGOTTEN / 1000} s; received: ${Buffer.concat(received)}`));
    }, FORGOTTEN);
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    socket.on('end', () => socket.end());
    let refused: Error | undefined;
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A reset of what is connected is an end like another.
      if (error.syscall === 'connect') refused = error;
    });
    socket.on('close', () => {
      clearTimeout(late);
      if (refused) reject(refused);
      else resolve(Buffer.concat(received));
    });
    socket.on('connect', async () => {
      for (const piece of pieces) {
        socket.write(piece, 'latin1');
        if (pieces.length > 1) await setImmediate();
      }
      if (ending === 'by client') {
        await delay(CURIOUS);
        socket.end();
      } else if (ending === 'reset') {
        socket.resetAndDestroy();
      }
    });
  });
}
