import { once } from 'node:events';
import { createServer, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { presharedKey } from './raw-connection.ts';
import { until } from './until.ts';

/** A server that a test plays for the HTTP clients of a program: it answers, breaks off or never answers, by the path. */
export interface HttpTarget {
  readonly url: string;
  readonly secureUrl: string;
  /** Settles when a request for the path waits for its answer. */
  holds(path: string): Promise<void>;
  /** Settles when the path has been asked for. */
  receives(path: string): Promise<void>;
  /** Answers those that wait. */
  release(): void;
  /** Ends the connections that are idle. */
  closeIdle(): void;
  stop(): Promise<void>;
}

export async function startHttpTarget(): Promise<HttpTarget> {
  let held: ServerResponse[] = [];
  const hold = (response: ServerResponse) => {
    held.push(response);
    response.on('close', () => {
      held = held.filter((other) => other !== response);
    });
  };
  const begin = (response: ServerResponse) =>
    response.writeHead(200, { 'content-length': 1000 }).write('the beginning');
  const handlers: Record<string, (response: ServerResponse) => void> = {
    '/ok': (response) => response.end('ok'),
    '/broken': (response) => response.writeHead(503).end('broken'),
    '/unchanged': (response) => response.writeHead(304).end(),
    '/redirect': (response) => response.writeHead(302, { location: '/ok' }).end(),
    '/hints': (response) => response.writeEarlyHints({ link: '</style.css>' }, () => response.end('late')),
    '/stream': (response) => {
      response.write('the beginning');
      setImmediate(() => response.end(' and the end'));
    },
    '/cut': (response) => response.socket?.end(),
    '/reset': (response) => response.socket?.resetAndDestroy(),
    '/half': (response) => begin(response) && setImmediate(() => response.socket?.end()),
    '/endless': (response) => void begin(response),
    '/garbage': (response) => response.socket?.end('this is not HTTP\r\n\r\n'),
    '/never': hold,
    '/hold': hold,
  };
  const received = new Set<string | undefined>();
  const answer: RequestListener = (request, response) => {
    received.add(request.url);
    const handler = handlers[request.url ?? ''];
    if (handler) handler(response);
    else response.writeHead(404).end('missing');
  };
  const server = createServer({ keepAliveTimeout: 0 }, answer)
    .on('upgrade', (_, socket) => socket.end('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: test\r\n\r\n'))
    .on('connect', (_, socket) => socket.end('HTTP/1.1 200 Connected\r\n\r\n'));
  const secureServer = createSecureServer(
    { ciphers: 'PSK', maxVersion: 'TLSv1.2', pskCallback: () => presharedKey },
    answer,
  );
  const port = async (of: Server) => {
    await once(of.listen(0, '0.0.0.0'), 'listening');
    return (of.address() as AddressInfo).port;
  };
  return {
    url: `http://127.0.0.1:${await port(server)}`,
    secureUrl: `https://127.0.0.1:${await port(secureServer)}/ok`,
    holds: (path) => until(`a request for ${path}`, async () => held.some(({ req }) => req.url === path)),
    receives: (path) => until(`a request for ${path}`, async () => received.has(path)),
    release() {
      for (const response of held) response.end('released');
    },
    closeIdle() {
      for (const each of [server, secureServer]) each.closeIdleConnections();
    },
    async stop() {
      for (const each of [server, secureServer]) {
        each.close();
        each.closeAllConnections();
      }
    },
  };
}
