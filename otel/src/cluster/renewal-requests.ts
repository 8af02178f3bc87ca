import { createConnection, createServer, type Server } from 'node:net';

/** How a process answered: `gone` is one that listens no more. */
export type Answer = 'renewed' | 'late' | 'gone';

/** Milliseconds that are waited for an answer. */
const PATIENCE = 1000;

/** Asks the process that listens at `path` to renew its snapshot: it closes the connection when that is done. */
export function askToRenew(path: string): Promise<Answer> {
  return new Promise((resolve) => {
    const socket = createConnection(path);
    const done = (answer: Answer) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(done, PATIENCE, 'late').unref();
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      done(code === 'ECONNREFUSED' || code === 'ENOENT' ? 'gone' : 'late');
    });
    socket.on('end', () => done('renewed'));
    socket.resume().unref();
  });
}

interface ListenOptions {
  readonly path: string;
  readonly renew: () => Promise<unknown>;
  readonly onListening: () => void;
  readonly onError: (error: unknown) => void;
}

/** Renews the snapshot for whoever asks; nothing of it keeps the process alive. */
export function renewWhenAsked({ path, renew, onListening, onError }: ListenOptions): Server {
  const server = createServer((socket) => {
    socket.on('error', () => {}).unref();
    renew().then(
      () => socket.end(),
      () => socket.destroy(),
    );
  });
  server.on('error', onError);
  server.on('listening', onListening);
  // In a worker, cluster would share it otherwise.
  server.listen({ path, exclusive: true });
  return server.unref();
}
