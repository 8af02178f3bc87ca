import type { IncomingMessage } from 'node:http';

/** Bytes that are read for the sake of who sends them, who would not see the answer otherwise. */
const MOST = 1024 * 1024;

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
}

/** Reads a body and keeps nothing of it; who sends too much of it is cut off. */
export function discardBody(request: IncomingMessage): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > MOST) request.destroy();
  });
}
