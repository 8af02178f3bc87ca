import { lookup } from 'node:dns';
import type { Server } from 'node:http';
import type { TestContext } from 'node:test';
import { createScrapeHandler, type ScrapeHandler, type ScrapeObserver, startMetricsServer } from '../../src/index.ts';

export const PAGE = 'up 1\n';

/** One format, in chunks of what was collected. */
export const FORMAT = {
  ...{ mediaType: 'text/plain', versions: ['0.0.4'], escapings: ['underscores'] },
  *render(page: string | Iterable<string>) {
    for (const chunk of typeof page === 'string' ? [page] : page) yield new Uint8Array(Buffer.from(chunk));
  },
};

/** Another one. */
export const OPEN_METRICS = { ...FORMAT, mediaType: 'application/openmetrics-text', versions: ['1.0.0'] };

/** A request for the page as it is: fetch asks for a compressed one otherwise. */
export function asItIs(url: string, { headers, ...init }: RequestInit & { headers?: Record<string, string> } = {}) {
  return fetch(url, { ...init, headers: { 'accept-encoding': 'identity', ...headers } });
}

/** A listener on a free port, and what it was told of. */
export async function listener(
  t: TestContext,
  collect: (timeLimit: number) => Promise<string | Iterable<string>> = async () => PAGE,
  { page, ...options }: { timeLimit?: number; observer?: ScrapeObserver; page?: ScrapeHandler } = {},
) {
  const errors: unknown[] = [];
  const handler = createScrapeHandler({
    collect,
    formats: [OPEN_METRICS, FORMAT],
    onError: (error) => errors.push(error),
    ...options,
  });
  let requests = 0;
  let onRequest = () => {};
  const url = await new Promise<string>((onListening, onError) => {
    const server = startMetricsServer({
      ...{ address: { host: 'localhost', port: 0 }, isShared: false },
      ...{ handler, ...(page && { page }), onListening, lookup, onError, onCertificateError: onError },
    });
    server.on('request', () => {
      requests++;
      onRequest();
    });
    // A test has nothing else to wait with.
    server.ref();
    t.after(() => closed(server));
  });
  /** Settles when so many requests have come in all. */
  const arrived = (count: number) =>
    new Promise<void>((resolve) => {
      onRequest = () => {
        if (requests >= count) resolve();
      };
      onRequest();
    });
  return { url, errors, handler, arrived, requests: () => requests };
}

export async function listening(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  t.after(() => closed(server));
  return `http://localhost:${(server.address() as { port: number }).port}`;
}

function closed(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}
