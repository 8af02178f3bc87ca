import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface Received {
  method: string | undefined;
  url: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

/** A service that a test plays itself, to see what arrives and to be slow or broken at will. */
export interface Upstream {
  readonly url: string;
  /** All requests, oldest first. */
  readonly received: Received[];
  /** What happens to a request whose body was read. Default: 200 with `{}`. */
  answer: (request: IncomingMessage, response: ServerResponse) => void;
  stop(): Promise<void>;
}

export async function startUpstream(): Promise<Upstream> {
  const listener: RequestListener = async (request, response) => {
    const body = await text(request).catch(() => undefined);
    // Who breaks off has asked for nothing.
    if (body === undefined) return;
    const { method, url, headers } = request;
    upstream.received.push({ method, url, headers, body });
    upstream.answer(request, response);
  };
  const server = createServer({ keepAliveTimeout: 0 }, listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const upstream: Upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received: [],
    answer: ok,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return upstream;
}

export function ok(_request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('content-type', 'application/json').end('{}');
}
