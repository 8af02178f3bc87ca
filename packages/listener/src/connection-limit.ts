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
  /** The answers that the others wait for. */
  const pending = new Map<Socket, number>();
  const isSecure = 'setSecureContext' in server;
  if (isSecure) limitHandshakes(server);
  server.on(isSecure ? 'secureConnection' : 'connection', (socket: Socket) => {
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
    const isIdle = idle.delete(socket);
    if (response.writableEnded) {
      if (isIdle) idle.add(socket);
      return;
    }
    pending.set(socket, (pending.get(socket) ?? 0) + 1);
    response.once('close', () => {
      const left = (pending.get(socket) ?? 1) - 1;
      if (left > 0) pending.set(socket, left);
      else if (pending.delete(socket)) idle.add(socket);
    });
  });

  function forget(socket: Socket): void {
    all.delete(socket);
    idle.delete(socket);
    pending.delete(socket);
  }
}

/** The same for those that have not come through their TLS handshake yet. */
function limitHandshakes(server: HttpsServer): void {
  /** By where they come from, which is all that Node.js tells both before and after; the oldest first. */
  const handshakes = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  server.on('connection', (socket: Socket) => {
    const name = nameOf(socket);
    const [oldest] = handshakes;
    if (oldest && handshakes.size >= MOST) {
      handshakes.delete(oldest[0]);
      oldest[1].destroy();
    }
    handshakes.set(name, socket);
    socket.on('close', () => handshakes.delete(name));
  });
  server.on('secureConnection', (socket: Socket) => handshakes.delete(nameOf(socket)));
}
