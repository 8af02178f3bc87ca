import type { IncomingHttpHeaders } from 'node:http';

/** What a reverse proxy tells of the request that the client made to it, in `Forwarded` (RFC 7239) or `X-Forwarded-…`. */
export interface OriginalRequest {
  readonly host: string | undefined;
  readonly proto: string | undefined;
}

/** Where the client sent its request: the host and the scheme, as far as they are told. */
export function originalRequest(headers: IncomingHttpHeaders): OriginalRequest {
  const { forwarded, 'x-forwarded-host': xHost, 'x-forwarded-proto': xProto } = headers;
  if (forwarded !== undefined) {
    for (const element of forwarded.split(',')) {
      const host = parameter(element, 'host');
      if (host) return { host, proto: parameter(element, 'proto') };
    }
  }
  return { host: first(xHost), proto: first(xProto) };
}

/** The address of the client, as the first proxy saw it; undefined when no proxy tells. */
export function originalClient(headers: IncomingHttpHeaders): string | undefined {
  const { forwarded, 'x-forwarded-for': xFor } = headers;
  const client = (forwarded && parameter(forwarded, 'for')) || first(xFor)?.split(',', 1)[0]?.trim();
  return client && withoutPort(client);
}

function parameter(text: string, name: 'for' | 'host' | 'proto'): string | undefined {
  const [, quoted, plain] = PARAMETERS[name].exec(text) ?? [];
  return quoted ?? plain;
}

const PARAMETERS = {
  for: parameterPattern('for'),
  host: parameterPattern('host'),
  proto: parameterPattern('proto'),
};

function parameterPattern(name: string): RegExp {
  return new RegExp(`(?:^|[;,\\s])${name}=(?:"([^"]*)"|([^;,\\s"]+))`, 'i');
}

function first(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` and the addresses alone. */
function withoutPort(address: string): string {
  const inBrackets = /^\[(.*)\]/.exec(address)?.[1];
  return inBrackets ?? (/^[^:]*:\d*$/.test(address) ? address.slice(0, address.indexOf(':')) : address);
}
