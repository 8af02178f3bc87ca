import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Ends a connection in the middle: reset, for a reader of HTTP/1.0 takes an orderly end for that of the page. */
export function cutOff(socket: Duplex): void {
  try {
    if (socket instanceof Socket) socket.resetAndDestroy();
  } catch {
    // No TCP connection: there is no reset.
  }
  socket.destroy();
}
