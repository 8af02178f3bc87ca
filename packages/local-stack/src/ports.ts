import { createServer } from 'node:net';

/** A TCP port of 127.0.0.1 that is free now. Somebody else may take it before it is used: see {@link onFreePort}. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('the system gave no TCP port');
  return address.port;
}

/** Starts something on a free port, again on another one when that was taken between choosing and listening. */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (
        attempt === 5 ||
        !/address already in use|EADDRINUSE|already a epmd running|in use by another/i.test(String(error))
      )
        throw error;
    }
  }
}
