import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { answer, isMetricsPath, METRICS_PATH, type ScrapeHandler } from './scrape-handler.ts';

export interface MetricsServerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly handler: ScrapeHandler;
  /** Called once the server listens, with the page's URL. */
  readonly onListening: (url: string) => void;
  /** Called when it cannot listen, such as EADDRINUSE; the process goes on without it. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
}

/**
 * Listens for scrapes on a port of its own. Neither the server nor a scraper's connection keeps the process alive, and
 * slow or idle clients are dropped.
 */
export function startMetricsServer({ host, port, handler, onListening, onError }: MetricsServerOptions): Server {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000, keepAliveTimeout: 65_000 });
  server.maxConnections = 128;
  server.on('request', (request, response) => {
    if (isMetricsPath(request.url)) handler(request, response);
    else answer(response, 404, `There is nothing here. The metrics are at ${METRICS_PATH}.\n`);
  });
  server.on('connection', (socket) => socket.unref());
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('error', onError);
  server.listen({ host, port }, () => onListening(urlOf(server.address() as AddressInfo, host)));
  return server.unref();
}

function urlOf({ port }: AddressInfo, host: string): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}${METRICS_PATH}`;
}
