import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Span } from '@opentelemetry/api';
import { byteLength } from './http-bodies.ts';
import { contentLength, mayHaveBody } from './http-conventions.ts';
import { routeOf } from './http-route.ts';
import type { HttpServerMetrics, RequestKind } from './http-server-metrics.ts';
import type { HttpServerSpans } from './http-server-spans.ts';
import { type Method, overrideMethod, restoreMethod } from './patch.ts';
import { emitIn, requestContext } from './request-context.ts';

const kindOf = Symbol('otel-register.kind');
const startedAt = Symbol('otel-register.started-at');
const spanOf = Symbol('otel-register.span');
const requestOf = Symbol('otel-register.request');
const announced = Symbol('otel-register.bytes-announced');
const sent = Symbol('otel-register.bytes-sent');
const received = Symbol('otel-register.bytes-received');

/** A `ServerHttp2Stream`: one request and its response. */
interface RequestStream extends Duplex {
  readonly session: { readonly encrypted: boolean; readonly socket: Socket };
  readonly sentHeaders: OutgoingHttpHeaders | undefined;
  readonly aborted: boolean;
  readonly rstCode: number;
  /** Whether the head of the request was all of it. */
  readonly endAfterHeaders: boolean;
  [kindOf]?: RequestKind;
  [startedAt]: number;
  [spanOf]?: Span | undefined;
  /** What a framework has the route on: node:http2's own request, where the service uses its API like that of node:http. */
  [requestOf]?: object;
  [announced]?: number | undefined;
  [sent]?: number;
  [received]?: number;
}

/**
 * Measures the requests of node:http2 servers, both through the API of streams and through the one that is like node:http's.
 * Each has a stream of its own, whose close is the request's end.
 */
export class Http2Requests {
  readonly #metrics: HttpServerMetrics;
  readonly #spans: HttpServerSpans | undefined;
  readonly #failed: (error: unknown) => void;
  readonly #onClose: (this: RequestStream) => void;
  /** The prototype of all requests' streams, known with the first of them. */
  #streams: object | undefined;

  constructor(metrics: HttpServerMetrics, spans: HttpServerSpans | undefined, failed: (error: unknown) => void) {
    this.#metrics = metrics;
    this.#spans = spans;
    this.#failed = failed;
    const closed = (stream: RequestStream) => this.#closed(stream);
    this.#onClose = function () {
      closed(this);
    };
  }

  /** A server tells its listeners of a new stream. */
  started(stream: RequestStream, headers: IncomingHttpHeaders): void {
    this.#countBodies(stream);
    const scheme = stream.session.encrypted ? 'https' : 'http';
    const { ':method': method, ':path': path = '/' } = headers;
    const kind = this.#metrics.kindOf(scheme, '2', method);
    kind.active.add(1);
    stream[spanOf] = this.#spans?.started(stream, scheme, '2', method, path, headers, stream.session.socket);
    stream[kindOf] = kind;
    stream[startedAt] = performance.now();
    stream[announced] = contentLength(headers['content-length']);
    stream.on('close', this.#onClose);
  }

  /** A server tells its listeners of the request that it has made of a stream. */
  requested(request: object & { readonly stream: RequestStream }): void {
    request.stream[requestOf] = request;
  }

  stop(): void {
    if (this.#streams) for (const method of ['push', '_write', '_writev', 'emit']) restoreMethod(this.#streams, method);
    this.#streams = undefined;
  }

  #closed(stream: RequestStream): void {
    try {
      const { [kindOf]: kind, [requestOf]: request, [spanOf]: span, sentHeaders } = stream;
      if (!kind) return;
      kind.active.add(-1);
      const status = sentHeaders?.[':status'] as number | undefined;
      // A response that was written, but not to its end when the client reset the stream, was given up as well.
      const isAborted = stream.aborted || (stream.rstCode !== 0 && !stream.writableFinished);
      const hasBody = !isAborted && status !== undefined && mayHaveBody(kind.method, status);
      this.#metrics.ended(
        kind,
        request && routeOf(request),
        status,
        isAborted ? 'aborted' : undefined,
        stream[startedAt],
        isAborted ? undefined : requestSize(stream),
        hasBody ? responseSize(stream) : undefined,
        span,
      );
    } catch (error) {
      this.#failed(error);
    }
  }

  #countBodies(stream: RequestStream): void {
    if (this.#streams) return;
    const streams = Object.getPrototypeOf(stream) as RequestStream;
    overrideMethod(streams, 'push', counting(received));
    overrideMethod(streams, '_write', counting(sent));
    overrideMethod(streams, '_writev', countingAll);
    if (this.#spans) emitIn(streams, requestContext);
    this.#streams = streams;
  }
}

function counting(total: typeof sent | typeof received): (original: Method) => Method {
  return (original) =>
    function (this: RequestStream, chunk: unknown, encoding: unknown) {
      if (chunk) this[total] = (this[total] ?? 0) + byteLength(chunk, encoding);
      return original.apply(this, arguments as never);
    };
}

function countingAll(original: Method): Method {
  return function (this: RequestStream, chunks: { chunk: unknown; encoding: unknown }[]) {
    for (const { chunk, encoding } of chunks) this[sent] = (this[sent] ?? 0) + byteLength(chunk, encoding);
    return original.apply(this, arguments as never);
  };
}

/** What the service has not read to its end may not have come whole. */
function requestSize({
  endAfterHeaders,
  [announced]: length,
  [received]: size = 0,
}: RequestStream): number | undefined {
  return endAfterHeaders || (length !== undefined && length !== size) ? undefined : size;
}

/** A file is sent without passing the stream, but with its length in the head. */
function responseSize(stream: RequestStream): number {
  return stream[sent] ?? contentLength(stream.sentHeaders?.['content-length']) ?? 0;
}
