import { createServer, type Server as HttpServer, type ServerOptions } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { AddressInfo, LookupFunction } from 'node:net';
import { limitConnections } from './connection-limit.ts';
import { keepListening } from './keep-listening.ts';
import { type ListeningAddress, textOfAddress } from './listening-address.ts';
import { nothingHere } from './nothing-here.ts';
import { isPagePath } from './page-handler.ts';
import { isMetricsPath, METRICS_PATH, type ScrapeHandler, TIME_LIMIT } from './scrape-handler.ts';
import { certificateFromFiles, type TlsFiles } from './tls-files.ts';
import { openSocket, removeSocketAtExit } from './unix-socket.ts';

export interface MetricsServerOptions {
  readonly address: ListeningAddress;
  readonly handler: ScrapeHandler;
  /** Answers requests of the page for people; none unless given. */
  readonly page?: ScrapeHandler;
  /** Whether others listen on the same socket in the file system, as the workers of a cluster do: it is theirs as well. */
  readonly isShared: boolean;
  /** Without encryption unless given. */
  readonly tls?: TlsFiles;
  /** How the name is looked up that it listens on, if it is one. */
  readonly lookup: LookupFunction;
  /** Called whenever the server has begun to listen, with the page's URL. */
  readonly onListening: (url: string) => void;
  /** Called when it cannot listen, such as EADDRINUSE; not again while that lasts. */
  readonly onError: (error: NodeJS.ErrnoException) => void;
  /** Called when a new certificate cannot be used, and the old one goes on; again while that lasts. */
  readonly onCertificateError: (error: Error) => void;
}

/** In milliseconds and bytes; the longest head that Prometheus sends has about 1,000. */
const LIMITS: ServerOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  // How often Node looks at these two.
  connectionsCheckingInterval: 5_000,
  keepAliveTimeout: 65_000,
};

/**
 * Listens for scrapes at an address of its own, and tries again in the background for as long as it cannot. Neither the
 * server nor a scraper's connection keeps the process alive, and slow or idle clients are dropped.
 */
export function startMetricsServer(options: MetricsServerOptions): HttpServer | HttpsServer {
  const { address, handler, page, tls, lookup, onError } = options;
  const [server, prepare] = tls ? tlsServer(tls, options) : [createServer(LIMITS), () => {}];
  const onRequest: ScrapeHandler = (request, response) => {
    request.url = originForm(request.url);
    // Nothing was sent or received for so long: a reader that does not read. Set here and not for the server, which would give its
    // connections another shape than those of the service have: V8 would compile anew, at the first scrape, all that works on those.
    request.socket.setTimeout(TIME_LIMIT + 5_000);
    if (isMetricsPath(request.url)) return handler(request, response);
    if (page && isPagePath(request.url)) return page(request, response);
    nothingHere(request, response);
  };
  server.on('request', onRequest);
  // Nobody is asked to go on with a body.
  server.on('checkContinue', onRequest);
  limitConnections(server);
  server.on('connection', (socket) => socket.unref());
  server.on('clientError', (_error, socket) => socket.destroy());
  server.on('listening', () => hasBegun(server, options));
  keepListening(server, address, { prepare, lookup, onError });
  return server.unref();
}

/** The path and query of a target that may be in absolute form, as a proxy sends it: each server has to take it (RFC 9112, section 3.2.2). */
function originForm(target = ''): string {
  return target.replace(/^https?:\/\/[^/?]*\/?/i, '/');
}

/** The server, and what makes it ready to listen. */
function tlsServer(files: TlsFiles, { onCertificateError }: MetricsServerOptions): [HttpsServer, () => void] {
  // Loaded here and not with this file: most processes do not need it.
  const https = process.getBuiltinModule('node:https');
  const server = https.createServer({ ...LIMITS, handshakeTimeout: 5_000 });
  const renew = certificateFromFiles(server, files);
  server.prependListener('connection', () => {
    try {
      renew();
    } catch (error) {
      onCertificateError(error as Error);
    }
  });
  return [server, renew];
}

function hasBegun(
  server: HttpServer | HttpsServer,
  { address, isShared, tls, onListening }: MetricsServerOptions,
): void {
  const scheme = tls ? 'https' : 'http';
  if ('path' in address) {
    openSocket(address.path);
    if (!isShared) removeSocketAtExit(server, address.path);
    onListening(`${scheme}://${textOfAddress(address)}:${METRICS_PATH}`);
  } else {
    const { port } = server.address() as AddressInfo;
    onListening(`${scheme}://${textOfAddress({ ...address, port })}${METRICS_PATH}`);
  }
}
