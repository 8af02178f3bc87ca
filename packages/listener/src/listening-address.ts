import { resolve } from 'node:path';

/** Where a server listens. */
export type ListeningAddress = { readonly host: string; readonly port: number } | { readonly path: string };

/**
 * @param host a name, an address (of IPv6 also in brackets), or `unix:` and the path of a socket, which needs no port
 * @param port 0 takes any free one
 */
export function listeningAddress(host: string, port: number): ListeningAddress {
  if (host.startsWith('unix:')) return { path: resolve(host.slice('unix:'.length)) };
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port };
}

/**
 * What a server is given to listen. `localhost` is not looked up: that would keep the process alive for as long as it takes, and
 * may tell the address of IPv6 alone.
 */
export function toListenAt(address: ListeningAddress): ListeningAddress {
  return 'host' in address && address.host === 'localhost' ? { ...address, host: '127.0.0.1' } : address;
}

/** As it stands in a URL; a socket in the notation of nginx. */
export function textOfAddress(address: ListeningAddress): string {
  if ('path' in address) return `unix:${address.path}`;
  const { host, port } = address;
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
