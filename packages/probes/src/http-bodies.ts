import { type IncomingMessage, ServerResponse } from 'node:http';
import { contentLength } from './http-conventions.ts';
import { type Method, overrideMethod, restoreMethod } from './patch.ts';

const sent = Symbol('otel-register.bytes-sent');
const received = Symbol('otel-register.bytes-received');

type CountedRequest = IncomingMessage & { [received]?: number | undefined };
type CountedResponse = ServerResponse & { [sent]?: number };

/** Methods whose requests are not asked for a body, since most have none and asking reads their head. */
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Counts the bytes that services write as bodies of responses over HTTP/1. What the head announces would not do: it may be
 * written in one piece, and most responses that are streamed announce nothing.
 */
export function countResponseBodies(): void {
  for (const method of ['write', 'end']) overrideMethod(ServerResponse.prototype, method, counting);
}

export function stopCountingResponseBodies(): void {
  for (const method of ['write', 'end']) restoreMethod(ServerResponse.prototype, method);
}

function counting(original: Method): Method {
  return function (this: CountedResponse, chunk: unknown, encoding: unknown) {
    if (chunk) this[sent] = (this[sent] ?? 0) + byteLength(chunk, encoding);
    return original.apply(this, arguments as never);
  };
}

/** Bytes of a response's body so far, as they were given to Node. */
export function bytesSent(response: ServerResponse): number {
  return (response as CountedResponse)[sent] ?? 0;
}

/** Prepares {@link bytesReceived} when a request begins. */
export function countRequestBody(request: CountedRequest): void {
  if (WITHOUT_BODY.has(request.method as string)) return;
  const { headers } = request;
  request[received] = contentLength(headers['content-length']);
  if (headers['transfer-encoding'] === undefined) return;
  request[received] = 0;
  overrideMethod(
    request,
    'push',
    (original) =>
      function push(this: CountedRequest, chunk: unknown, encoding: unknown) {
        this[received] = (this[received] ?? 0) + byteLength(chunk, encoding);
        return original.apply(this, arguments as never);
      },
  );
}

/** Bytes of a request's body; undefined when it has none or has not been received to its end. */
export function bytesReceived(request: IncomingMessage): number | undefined {
  return request.complete ? (request as CountedRequest)[received] : undefined;
}

/** 0 for what is no data. */
export function byteLength(chunk: unknown, encoding: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk, encoding as BufferEncoding);
  return chunk instanceof Uint8Array ? chunk.byteLength : 0;
}
