import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Express } from 'express';
import { drain } from './health.ts';
import type { Logger } from './logger.ts';
import type { Resource } from './resource.ts';

// Longer than the gateway keeps a connection, so that it never sends on one which is being closed.
const keepAliveMs = 65_000;
const drainBoundMs = 10_000;

export interface Service {
  logger: Logger;
  /** 0 takes a free port; the log line says which. */
  port: number;
  /** Opens what the service needs and builds its app. A rejection ends the process with exit code 1. */
  open: () => Promise<{ app: Express; resources: Resource[] }>;
}

/**
 * Runs a service until SIGTERM or SIGINT: then it takes no more connections, is no longer ready, answers what it has
 * accepted, closes its resources and lets the process end by itself. After ten seconds it ends it with exit code 1.
 */
export async function runService({ logger, port, open }: Service): Promise<void> {
  try {
    const { app, resources } = await open();
    const server = createServer({ keepAliveTimeout: keepAliveMs }, app);
    const unused = unusedConnections(server);
    server.listen(port);
    await once(server, 'listening');
    stopOnSignal(server, unused, app, resources, logger);
    logger.info({ port: (server.address() as AddressInfo).port }, 'listening');
  } catch (error) {
    logger.fatal({ err: error }, `the service does not start: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}

/** The connections that have not brought a request yet: Node.js does not count them as idle. */
function unusedConnections(server: Server): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  server.on('request', ({ socket }) => unused.delete(socket));
  return unused;
}

function stopOnSignal(
  server: Server,
  unused: ReadonlySet<Socket>,
  app: Express,
  resources: Resource[],
  logger: Logger,
): void {
  let stopping = false;
  const stop = async (signal: NodeJS.Signals) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => {
      logger.error(`requests were still running after ${drainBoundMs} ms; they are cut off`);
      process.exit(1);
    }, drainBoundMs).unref();
    drain(app);
    server.close();
    // A connection whose request was running when the server closed would be kept alive for more.
    const idle = setInterval(() => server.closeIdleConnections(), 50);
    for (const socket of unused) socket.destroy();
    await once(server, 'close');
    clearInterval(idle);
    await Promise.allSettled(resources.map((resource) => resource.close()));
    logger.info('stopped');
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
