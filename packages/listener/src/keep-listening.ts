import { isIP, type LookupFunction, type Server } from 'node:net';
import { type ListeningAddress, toListenAt } from './listening-address.ts';
import { removeStaleSocket } from './unix-socket.ts';

/** Milliseconds until it is tried again: doubled each time, up to the longest. */
const [FIRST_PAUSE, LONGEST_PAUSE] = [1000, 60_000];

interface ListeningOptions {
  /** Makes the server ready; what it throws is a reason why it cannot listen. */
  readonly prepare: () => void;
  /** Looks a name up, each time that it is tried. */
  readonly lookup: LookupFunction;
  /** Told why it cannot listen, once until it does; also of what fails while it does. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/** Lets a server listen, and tries again in the background for as long as it cannot. */
export function keepListening(
  server: Server,
  address: ListeningAddress,
  { prepare, lookup, onError }: ListeningOptions,
): void {
  let pause = FIRST_PAUSE;
  let isTold = false;
  let later: NodeJS.Timeout | undefined;
  let isOver = false;

  const listen = () => {
    if (isOver) return;
    try {
      prepare();
    } catch (error) {
      return failed(error as Error);
    }
    const at = toListenAt(address);
    // Before and not after a failure: the workers of a cluster share a socket where each has asked its primary as often.
    if ('path' in at) return void removeStaleSocket(at.path).then(() => listenAt(at), failed);
    if (at.host === '' || isIP(at.host) !== 0) return listenAt(at);
    lookup(at.host, {}, (error, host) => (error ? failed(error) : listenAt({ ...at, host: String(host) })));
  };
  const listenAt = (at: ListeningAddress) => {
    if (isOver) return;
    try {
      server.listen(at);
    } catch (error) {
      failed(error as Error);
    }
  };
  const failed = (error: Error) => {
    if (!isTold) onError(error);
    isTold = true;
    // One that listens has failed at a connection.
    if (server.listening) return;
    later = setTimeout(listen, pause).unref();
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  };
  server.on('listening', () => {
    pause = FIRST_PAUSE;
    isTold = false;
  });
  server.on('error', failed);
  server.on('close', () => {
    isOver = true;
    clearTimeout(later);
  });
  listen();
}
