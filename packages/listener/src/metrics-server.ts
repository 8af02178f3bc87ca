import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer } from './answer.ts';
import { keepListening } from './keep-listening.ts';
import { type ListeningAddress, textOfAddress } from './listening-address.ts';
import { isMetricsPath, METRICS_PATH, type ScrapeHandler } from './scrape-handler.ts';
import { openSocket, removeSocketAtExit } from './unix-socket.ts';

export interface MetricsServerOptions {
  readonly address: ListeningAddress;
  readonly handler: ScrapeHandler;
  /** Whether others listen on the same socket in the file system, as the workers of a cluster do: it is theirs as well. */
  readonly isShared: boolean;
  /** Called whenever the server has begun to listen, with the page's URL. */
  readonly onListening: (url: string) => void;
  /** Called when it cannot listen, such as EADDRINUSE; not again while that lasts. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/**
 * Listens for scrapes at an address of its own, and tries again in the background for as long as it cannot. Neither the
 * server nor a scraper's connection keeps the process alive, and slow or idle clients are dropped.
 */
export function startMetricsServer({ address, handler, isShared, onListening, onError }: MetricsServerOptions): Server {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 65_000 });
  server.maxConnections = 128;
  server.on('request', (request, response) => {
    if (isMetricsPath(request.url)) handler(request, response);
    else answer(response, 404, `There is nothing here. The metrics are at ${METRICS_PATH}.\n`);
  });
  server.on('connection', (socket) => socket.unref());
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('listening', () => {
    if ('path' in address) {
      openSocket(address.path);
      if (!isShared) removeSocketAtExit(address.path);
      onListening(urlOf(address));
    } else {
      onListening(urlOf({ ...address, port: (server.address() as AddressInfo).port }));
    }
  });
  keepListening(server, address, onError);
  return server.unref();
}

function urlOf(address: ListeningAddress): string {
  return `http://${textOfAddress(address)}${'path' in address ? ':' : ''}${METRICS_PATH}`;
}
