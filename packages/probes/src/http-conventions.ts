import type { Attributes } from '@opentelemetry/api';

/** Buckets that the semantic conventions advise for the durations of HTTP requests, in seconds. */
export const HTTP_DURATION_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The methods of RFC 9110 and RFC 5789, and QUERY, which the semantic conventions name beside them. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE']);

/** `http.request.method`: any method but the registered ones is `_OTHER`, for whoever makes a request may name it as they like. */
export function methodName(method: string | undefined): string {
  return method !== undefined && METHODS.has(method) ? method : '_OTHER';
}

/** The method in the name of a span: one that nobody knows makes no name of its own. */
export function methodInSpanName(method: string): string {
  return method === '_OTHER' ? 'HTTP' : method;
}

/** The port that a URL of that scheme means when it names none. */
export function defaultPort(scheme: string | undefined): number | undefined {
  if (scheme === 'https') return 443;
  return scheme === 'http' ? 80 : undefined;
}

/**
 * Buckets for sizes of bodies, in bytes. The semantic conventions advise none; these are the ones that gRPC's metrics have
 * for the sizes of messages (gRFC A66), as OpenCensus had before them.
 */
export const HTTP_BODY_SIZE_BOUNDARIES = [
  0,
  ...[1, 2, 4, 16, 64, 256].map((kibibytes) => kibibytes * 2 ** 10),
  ...[1, 4, 16, 64, 256].map((mebibytes) => mebibytes * 2 ** 20),
  ...[1, 4].map((gibibytes) => gibibytes * 2 ** 30),
];

/** Bytes that a head announces; undefined when it does not say. */
export function contentLength(header: unknown): number | undefined {
  const length = typeof header === 'string' || typeof header === 'number' ? Number(header) : Number.NaN;
  return Number.isSafeInteger(length) ? length : undefined;
}

/** Whether a response may have a body at all (RFC 9110, 6.4.1). */
export function mayHaveBody(method: string, status: number): boolean {
  return method !== 'HEAD' && status !== 204 && status !== 304 && status >= 200;
}

/** A connection, as far as spans tell of it. */
export interface Peer {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Who is at the other end of a connection. */
export function peerAttributes({ remoteAddress, remotePort }: Peer): Attributes {
  return { 'network.peer.address': remoteAddress, 'network.peer.port': remotePort };
}
