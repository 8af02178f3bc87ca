import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as secureConnect } from 'node:tls';
import { until } from './until.ts';

/** A client's connection that sends just what a test writes. */
export interface RawConnection {
  readonly socket: Socket;
  /** Sends request heads, each `METHOD /path` with further header lines, all in one piece. */
  send(...heads: string[]): void;
  /** Settles when that text has been received. */
  received(text: string | RegExp): Promise<void>;
  /** Ends it as a client does that goes away. */
  destroy(): Promise<void>;
}

/** What programs/http-server.cjs shares with its clients, in the place of a certificate. */
export const presharedKey = Buffer.from('a key that is shared by a test and this program');

export async function rawConnection(url: string): Promise<RawConnection> {
  const { protocol, hostname: host, port } = new URL(url);
  const to = { host, port: Number(port) };
  const secure = {
    ciphers: 'PSK',
    maxVersion: 'TLSv1.2',
    pskCallback: () => ({ psk: presharedKey, identity: 'test' }),
  } as const;
  const isSecure = protocol === 'https:';
  const socket = isSecure ? secureConnect({ ...to, ...secure, checkServerIdentity: () => undefined }) : connect(to);
  await once(socket, isSecure ? 'secureConnect' : 'connect');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  socket.on('error', () => {});
  return {
    socket,
    send(...heads) {
      const lines = ([request, ...fields]: string[]) => [`${request} HTTP/1.1`, 'Host: test', ...fields, '', ''];
      socket.write(heads.map((head) => lines(head.split('\n')).join('\r\n')).join(''));
    },
    received: (expected) => until(`${expected} received`, () => text.search(expected) !== -1),
    async destroy() {
      socket.destroy();
      if (!socket.closed) await once(socket, 'close');
    },
  };
}
