import type { Server as HttpServer } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Socket } from 'node:net';

/** Most connections that are kept. */
const MOST = 128;

/**
 * Bounds the connections of a server without shutting anybody out: who comes when there are enough takes the place of the
 * one that has been without an answer to wait for the longest, as those are that send their requests byte by byte.
 */
export function limitConnections(server: HttpServer | HttpsServer): void {
  const all = new Set<Socket>();
  /** In the order of what was last heard or said. */
  const idle = new Set<Socket>();
  // What has not come through its TLS handshake yet is not among them.
  server.maxConnections = 2 * MOST;
  server.on('setSecureContext' in server ? 'secureConnection' : 'connection', (socket: Socket) => {
    if (all.size >= MOST) {
      const [oldest = socket] = idle;
      forget(oldest);
      oldest.destroy();
      if (oldest === socket) return;
    }
    all.add(socket);
    idle.add(socket);
    socket.on('close', () => forget(socket));
  });
  // After the one that answers.
  server.on('request', ({ socket }, response) => {
    idle.delete(socket);
    const rest = () => {
      if (all.has(socket)) idle.add(socket);
    };
    if (response.writableEnded) rest();
    else response.once('close', rest);
  });

  function forget(socket: Socket): void {
    all.delete(socket);
    idle.delete(socket);
  }
}
