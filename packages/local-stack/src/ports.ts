import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below those that any system hands out by itself, also to each connection that is made: of Linux from 32768 on. */
const PORTS = { from: 10_000, to: 32_767 };

/** A TCP port of 127.0.0.1 that is free now. Somebody else may ask for it before it is used: see {@link onFreePort}. */
export async function freePort(): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    const port = randomInt(PORTS.from, PORTS.to + 1);
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
    } catch (error) {
      if (attempt === 100) throw error;
      continue;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
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
