import type { ServerResponse } from 'node:http';

/** A complete answer; Node leaves the body out where the request was HEAD. */
export function answer(
  response: ServerResponse,
  status: number,
  body: string,
  contentType = 'text/plain; charset=utf-8',
): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}
