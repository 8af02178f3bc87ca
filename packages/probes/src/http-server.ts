import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http2';
import type { Server as NetServer, Socket } from 'node:net';
import { type Context, type Span, trace } from '@opentelemetry/api';
import type { CellRegistry } from '@otel-register/cells';
import {
  bytesReceived,
  bytesSent,
  countRequestBody,
  countResponseBodies,
  stopCountingResponseBodies,
} from './http-bodies.ts';
import { mayHaveBody } from './http-conventions.ts';
import { routeOf } from './http-route.ts';
import { HttpServerMetrics } from './http-server-metrics.ts';
import { HttpServerSpans } from './http-server-spans.ts';
import { HttpUpgrades } from './http-upgrades.ts';
import { Http2Requests } from './http2-requests.ts';
import { isHttp2Server, OpenConnections } from './open-connections.ts';
import { Probe } from './probe.ts';
import { contextOfException, followRequests, requestContext, stopFollowingRequests } from './request-context.ts';
import { type RequestEnded, RequestsInFlight, type ServerSocket } from './requests-in-flight.ts';
import { ServerEvents } from './server-events.ts';

interface StartMessage {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: ServerSocket;
  readonly server: Server;
}

/**
 * Measures the requests that node:http, node:https and node:http2 servers answer (semantic conventions, "HTTP server
 * metrics").
 *
 * For HTTP/1 it listens to Node's own diagnostics channels. They announce no end of a request that the client gave up, so the
 * close of the connection is watched as well, once a connection. They know nothing of upgrades and, before Node 22.17, nothing
 * of HTTP/2: these are known from what the servers emit.
 */
export class HttpServerProbe extends Probe {
  readonly #metrics: HttpServerMetrics;
  readonly #http2: Http2Requests;
  readonly #upgrades: HttpUpgrades;
  readonly #ignores: (message: { request?: IncomingMessage; server: Server }) => boolean;
  /** Undefined where no spans are made. */
  readonly #spans: HttpServerSpans | undefined;
  readonly #enter: ((served: Context) => void) | undefined;
  readonly #connections: OpenConnections;
  readonly #events = new ServerEvents((event, first, second) => this.#emitted(event, first, second));
  // What each request comes through is not `guarded`, but one function each: V8 compiles all of them at once, when traffic begins, and
  // the process keeps the memory which that takes.
  readonly #onStart = (message: unknown): void => {
    try {
      const { request, response, socket } = message as StartMessage;
      // Connections of scrapes too, which have the shape of the others then: V8 would compile anew, once there are two, all that works on
      // those of the service.
      const requests = RequestsInFlight.on(socket) ?? RequestsInFlight.watch(socket, this.#metrics, this.#onEnd);
      if (this.#ignores(message as StartMessage)) return;
      countRequestBody(request);
      requests.started(request, response, this.#spans && this.#startSpan(this.#spans, message as StartMessage));
    } catch (error) {
      this.failed(error);
    }
  };
  readonly #onFinish = (message: unknown): void => {
    try {
      const { request, socket } = message as StartMessage;
      RequestsInFlight.on(socket)?.finished(request);
    } catch (error) {
      this.failed(error);
    }
  };
  readonly #onException = this.guarded((error: Error) => {
    const span = trace.getSpan(contextOfException());
    if (span?.isRecording()) span.recordException(error);
  });
  readonly #onEnd: RequestEnded = ({ kind, request, response, startedAt, sent, span }, aborted) => {
    try {
      kind.active.add(-1);
      if (aborted === 'forgotten') return;
      const status = aborted && !isHeadSent(response) ? undefined : response.statusCode;
      const hasBody = !aborted && mayHaveBody(kind.method, response.statusCode);
      const responseSize = hasBody ? bytesSent(response, sent) : undefined;
      const requestSize = bytesReceived(request);
      this.#metrics.ended(kind, routeOf(request), status, aborted, startedAt, requestSize, responseSize, span);
    } catch (error) {
      this.failed(error);
    }
  };

  /**
   * @param ignores tells requests that are none of the service's, such as scrapes, and servers that are none of its own
   * @param hasSpans whether requests have spans
   * @param tellsRequests whether the context of a request tells of it
   * @param enter see `ProbeContext`
   */
  constructor(
    cells: CellRegistry,
    ignores: (message: { request?: IncomingMessage; server: Server }) => boolean,
    hasSpans: boolean,
    tellsRequests: boolean,
    enter?: (served: Context) => void,
  ) {
    super('http');
    this.#enter = enter;
    this.#ignores = ignores;
    this.#spans = hasSpans ? new HttpServerSpans(() => this.tracer, tellsRequests) : undefined;
    this.#metrics = new HttpServerMetrics(cells);
    const failed = (error: unknown) => this.failed(error);
    this.#http2 = new Http2Requests(this.#metrics, this.#spans, failed);
    this.#upgrades = new HttpUpgrades(this.#metrics, this.#spans, failed);
    this.#connections = new OpenConnections(cells, {
      ignores: (server) => ignores({ server: server as Server }),
      connected: this.guarded(this.#connected),
      closed: (server) => this.#events.forget(server),
    });
  }

  override enable(): void {
    if (this.isEnabled()) return;
    super.enable();
    diagnosticsChannel.subscribe('http.server.request.start', this.#onStart);
    diagnosticsChannel.subscribe('http.server.response.finish', this.#onFinish);
    countResponseBodies();
    if (this.#spans) {
      followRequests();
      process.on('uncaughtExceptionMonitor', this.#onException);
    }
    this.#connections.watch();
  }

  override disable(): void {
    super.disable();
    diagnosticsChannel.unsubscribe('http.server.request.start', this.#onStart);
    diagnosticsChannel.unsubscribe('http.server.response.finish', this.#onFinish);
    stopCountingResponseBodies();
    if (this.#spans) {
      stopFollowingRequests();
      process.off('uncaughtExceptionMonitor', this.#onException);
    }
    RequestsInFlight.letGo();
    this.#connections.unwatch();
    this.#events.forgetAll();
    this.#http2.stop();
  }

  /** Watches what a server emits only where its channels do not tell all, or to call its listeners within their spans. */
  #connected(server: NetServer): void {
    const hasMore =
      this.#spans !== undefined || server.listenerCount('upgrade') > 0 || server.listenerCount('connect') > 0;
    if (hasMore || isHttp2Server(server)) this.#events.watch(server);
  }

  /** A server is about to tell its listeners something. */
  #emitted(event: unknown, first: unknown, second: unknown): Context | undefined {
    try {
      if (event === 'stream') {
        this.#http2.started(first as Parameters<Http2Requests['started']>[0], second as IncomingHttpHeaders);
      } else if (isOfStream(first)) {
        this.#http2.requested(first);
      } else if (event === 'upgrade' || event === 'connect') {
        this.#upgrades.started(first as IncomingMessage, second as Socket);
      }
      return this.#spans && requestContext(first);
    } catch (error) {
      this.failed(error);
      return undefined;
    }
  }

  #startSpan(spans: HttpServerSpans, { request, socket, server }: StartMessage): Span {
    // Connections that the service hands to its server itself are announced by no channel.
    this.#events.watch(server);
    const { httpVersion, method, url, headers } = request;
    const scheme = socket.encrypted ? 'https' : 'http';
    const span = spans.started(request, scheme, httpVersion, method, url ?? '/', headers, socket);
    const served = requestContext(request);
    // Node calls the server's listeners next, and nobody else before it has left its own callback.
    if (served) this.#enter?.(served);
    return span;
  }
}

/** A request of node:http2. */
function isOfStream(value: unknown): value is Parameters<Http2Requests['requested']>[0] {
  return typeof value === 'object' && value !== null && 'stream' in value && 'httpVersionMajor' in value;
}

/** A response that waits for an earlier one of its connection has a head, but has no socket to send it on. */
function isHeadSent(response: ServerResponse): boolean {
  return response.headersSent && response.socket !== null;
}
