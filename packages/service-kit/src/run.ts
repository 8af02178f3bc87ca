import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Express } from 'express';
import { drain } from './health.ts';
import type { Logger } from './logger.ts';
import type { Resource } from './resource.ts';

// Longer than the gateway keeps a connection, so that it never sends on one which is being closed.
const keepAliveMs = 65_000;
const drainBoundMs = 10_000;

/** What takes the connections that ask for an upgrade, to become WebSockets. */
export interface Sockets {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Takes no more and closes those that there are, within two seconds. */
  close(): void;
}

/** What a service has opened: its app, what it needs, and what takes WebSockets where it has them. */
interface Opened {
  app: Express;
  resources: Resource[];
  sockets?: Sockets;
}

export interface Service {
  logger: Logger;
  /** 0 takes a free port; the log line says which. */
  port: number;
  /** Opens what the service needs and builds its app. A rejection ends the process with exit code 1. */
  open: () => Promise<Opened>;
}

/**
 * Runs a service until SIGTERM or SIGINT: then it takes no more connections, is no longer ready, answers what it has
 * accepted, closes its WebSockets and its resources and lets the process end by itself. After ten seconds it ends it with
 * exit code 1.
 */
export async function runService({ logger, port, open }: Service): Promise<void> {
  try {
    const opened = await open();
    const { app, sockets } = opened;
    const options = { keepAliveTimeout: keepAliveMs, ...(sockets && { shouldUpgradeCallback: asksForWebSocket }) };
    const server = createServer(options, app);
    if (sockets) server.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
    const unused = unusedConnections(server, sockets ? ['request', 'upgrade'] : ['request']);
    server.listen(port);
    await once(server, 'listening');
    stopOnSignal(server, unused, opened, logger);
    logger.info({ port: (server.address() as AddressInfo).port }, 'listening');
  } catch (error) {
    logger.fatal({ err: error }, `the service does not start: ${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}

/** Some clients offer HTTP/2 with any request: such a request is none for an upgrade (to a Node.js that asks). */
function asksForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}

/** The connections that have not brought a request yet: Node.js does not count them as idle. */
function unusedConnections(server: Server, uses: string[]): ReadonlySet<Socket> {
  const unused = new Set<Socket>();
  server.on('connection', (socket) => {
    unused.add(socket);
    socket.once('close', () => unused.delete(socket));
  });
  for (const use of uses) server.on(use, ({ socket }) => unused.delete(socket));
  return unused;
}

function stopOnSignal(
  server: Server,
  unused: ReadonlySet<Socket>,
  { app, resources, sockets }: Opened,
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
    sockets?.close();
    await once(server, 'close');
    clearInterval(idle);
    // What was opened last may need what was opened before it.
    for (const resource of resources.toReversed()) await resource.close().catch(() => {});
    logger.info('stopped');
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
