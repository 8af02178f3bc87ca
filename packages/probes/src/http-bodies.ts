import { type IncomingMessage, OutgoingMessage, type ServerResponse } from 'node:http';
import { contentLength } from './http-conventions.ts';
import { type Method, overrideMethod, patchMethod, unpatchMethod } from './patch.ts';
import { RequestsInFlight } from './requests-in-flight.ts';

const received = Symbol('otel-register.bytes-received');

type CountedRequest = IncomingMessage & { [received]?: number | undefined };
type CountedResponse = ServerResponse & {
  /** Node's own, undocumented, the same since Node 0.11: null until a length is known. */
  readonly _contentLength?: number | null;
};

/** Methods whose requests are not asked for a body, since most have none and asking reads their head. */
const WITHOUT_BODY = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Counts the bytes that services write as bodies of responses over HTTP/1, where Node does not know them itself: what is
 * written in pieces or after the head. Where Node defines the methods: a library that replaces them there as well is called, too.
 */
export function countResponseBodies(): void {
  patchMethod(OutgoingMessage.prototype, 'write', (original) => counting(original, () => true));
  patchMethod(OutgoingMessage.prototype, 'end', (original) => counting(original, isUnknownToNode));
}

export function stopCountingResponseBodies(): void {
  for (const method of ['write', 'end']) unpatchMethod(OutgoingMessage.prototype, method);
}

function counting(original: Method, isCounted: (response: CountedResponse, sent: number) => boolean): Method {
  return function (this: CountedResponse, chunk: unknown, encoding: unknown) {
    // The request that it answers, if that is watched. Nothing is kept on the response: V8 would compile anew, and not as well, all
    // that works on the responses of the service, once only one has a field more.
    const answered = chunk ? RequestsInFlight.on(this.req?.socket)?.of(this.req) : undefined;
    if (answered !== undefined && isCounted(this, answered.sent)) {
      answered.sent = (Number.isNaN(answered.sent) ? 0 : answered.sent) + byteLength(chunk, encoding);
    }
    return original.apply(this, arguments as never);
  };
}

/**
 * Whether what a response ends with is to be counted. Node measures it unless the head has been written, since it announces
 * the length; a head that was written by then may have announced one.
 */
function isUnknownToNode(response: CountedResponse, sent: number): boolean {
  const { _contentLength: length } = response;
  return !Number.isNaN(sent) || length === undefined || (length === null && response.headersSent);
}

/**
 * Bytes of a response's body, as they were given to Node.
 *
 * @param counted NaN where none were
 */
export function bytesSent(response: ServerResponse, counted: number): number {
  return Number.isNaN(counted) ? ((response as CountedResponse)._contentLength ?? 0) : counted;
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
