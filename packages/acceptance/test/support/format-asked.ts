import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a scraper says to get each format. */
export const ACCEPT = {
  text: 'text/plain;version=0.0.4',
  openmetrics: 'application/openmetrics-text;version=1.0.0',
  protobuf: 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited',
};
export const FORMATS = Object.keys(ACCEPT) as (keyof typeof ACCEPT)[];

/** The page in a format. @throws AssertionError when it comes in another one, or not at all */
export async function pageIn(url: string, accept: string): Promise<Buffer> {
  const response = await fetch(url, { headers: { accept } });
  const page = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, page.toString());
  assert.equal(response.headers.get('content-type')?.split(';')[0], accept.split(';')[0]);
  return page;
}

/**
 * A server that hands out the page of `url` in one format, whatever it is asked for; its host and port.
 *
 * @param undo gets what ends it
 */
export async function asking(url: string, accept: string, undo: (() => unknown)[]): Promise<string> {
  const server = createServer(async (_request, response) => {
    try {
      const page = await fetch(url, { headers: { accept } });
      response.writeHead(page.status, { 'content-type': page.headers.get('content-type') ?? '' });
      response.end(Buffer.from(await page.arrayBuffer()));
    } catch {
      // Who has the page may have ended before who asks for it.
      response.writeHead(502).end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  undo.push(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
