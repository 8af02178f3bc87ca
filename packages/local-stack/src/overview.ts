import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { livePage } from '@otel-register/live-page';

/** A service that the overview shows. */
export interface ShownService {
  readonly name: string;
  /** Such as `http://localhost:9464/metrics`; its live page is at the root there. */
  readonly metricsUrl: string;
}

export interface Overview {
  readonly url: string;
  stop(): Promise<void>;
}

const TIMEOUT_MS = 5_000;

/**
 * Serves the live page for several services at once, on this machine alone. Their metrics go through this server: a browser may load
 * nothing from elsewhere.
 *
 * @param port 0 for a free one
 * @throws Error when it cannot listen there
 */
export async function startOverview(services: readonly ShownService[], port = 0): Promise<Overview> {
  const files = livePage(
    services.map(({ name, metricsUrl }) => ({
      name,
      metrics: `services/${encodeURIComponent(name)}`,
      page: new URL('/', metricsUrl).href,
    })),
  );
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://localhost');
    const service = services.find(({ name }) => pathname === `/services/${encodeURIComponent(name)}`);
    const file = files[pathname];
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    } else if (service) {
      void passOn(service.metricsUrl + search, request, response);
    } else if (file) {
      response.writeHead(200, file.headers).end(file.body);
    } else {
      response.writeHead(404).end();
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, 'localhost', resolve);
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Answers with what a service answers, or with 502 and the reason in words. */
async function passOn(url: string, { headers }: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const answer = await fetch(url, {
      headers: { accept: headers.accept ?? '*/*' },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await answer.text();
    response.writeHead(answer.status, { 'Content-Type': answer.headers.get('content-type') ?? 'text/plain' });
    response.end(text);
  } catch (error) {
    const { name, cause } = error as Error & { cause?: NodeJS.ErrnoException };
    const reason = name === 'TimeoutError' ? `no answer within ${TIMEOUT_MS / 1000} s` : 'no connection';
    response.writeHead(502, { 'Content-Type': 'text/plain' });
    response.end(cause?.code ? `${reason}: ${cause.code}` : reason);
  }
}
