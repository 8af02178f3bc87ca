import diagnosticsChannel from 'node:diagnostics_channel';
import { Agent, ClientRequest, type IncomingMessage } from 'node:http';
import type { SpanContext } from '@opentelemetry/api';
import type { ClientSocket } from './http-client-connections.ts';
import { type ClientRequestKind, type HttpClientMetrics, requestErrorType } from './http-client-metrics.ts';
import { type Method, patchMethod, unpatchMethod } from './patch.ts';
import { Probe } from './probe.ts';

const begun = Symbol('otel-register.begun');
const current = Symbol('otel-register.current');

type WatchedRequest = ClientRequest & {
  readonly res?: Response | null;
  /** Null when it is over or is none of the service's. */
  [begun]?: Begun | null;
};

/** What is known of a request until it is over: one object, for Node's own has no room for more than one field more. */
interface Begun {
  readonly kind: ClientRequestKind;
  readonly startedAt: number;
  readonly span: SpanContext | undefined;
  socket: WatchedSocket | undefined;
}

type Response = IncomingMessage & { readonly upgrade?: boolean | null };
type WatchedSocket = ClientSocket & { [current]?: WatchedRequest | undefined };

interface RequestOptions {
  readonly port?: string | number | null;
  readonly socketPath?: string | null;
}

/**
 * Measures the requests that node:http and node:https send, each from its creation to the end of its response.
 *
 * Node's channels are not enough: none tells the creation of a request before Node 22.12, nor where it goes, nor its end, nor
 * anything of an upgrade, a CONNECT or a request that is given up early. So the two methods are patched through which every
 * request passes on its way to a connection, and the connection is listened to, once a connection; of the channels there is
 * the one for errors.
 */
export class HttpClientProbe extends Probe {
  readonly #metrics: HttpClientMetrics;
  readonly #onError = this.guarded(({ request, error }: { request: WatchedRequest; error: unknown }) =>
    this.#ended(request, requestErrorType(error)),
  );

  constructor(metrics: HttpClientMetrics) {
    super('http');
    this.#metrics = metrics;
  }

  override enable(): void {
    if (this.isEnabled()) return;
    super.enable();
    diagnosticsChannel.subscribe('http.client.request.error', this.#onError);
    patchMethod(Agent.prototype, 'addRequest', (original) => this.#adding(original));
    patchMethod(ClientRequest.prototype, 'onSocket', (original) => this.#connecting(original));
  }

  override disable(): void {
    super.disable();
    diagnosticsChannel.unsubscribe('http.client.request.error', this.#onError);
    unpatchMethod(Agent.prototype, 'addRequest');
    unpatchMethod(ClientRequest.prototype, 'onSocket');
  }

  /** Wraps what a request calls when it is created, unless it has no agent or one that is none of Node's. */
  #adding(original: Method): Method {
    const began = (request: WatchedRequest, options?: RequestOptions) => this.#began(request, options);
    return function addRequest(this: Agent, request: WatchedRequest, options?: RequestOptions) {
      began(request, options);
      return original.apply(this, arguments as never);
    };
  }

  /** Wraps what gives a request its connection, which may be a new one that has yet to connect. */
  #connecting(original: Method): Method {
    const got = (request: WatchedRequest, socket?: WatchedSocket | null) => this.#got(request, socket);
    return function onSocket(this: WatchedRequest, socket?: WatchedSocket | null) {
      got(this, socket);
      return original.apply(this, arguments as never);
    };
  }

  #began(request: WatchedRequest, options?: RequestOptions): void {
    try {
      if (request[begun] === undefined) this.#begin(request, options?.socketPath, options?.port ?? undefined);
    } catch (error) {
      this.failed(error);
    }
  }

  #got(request: WatchedRequest, socket?: WatchedSocket | null): void {
    try {
      if (request[begun] === undefined) this.#begin(request, undefined, portOfHost(request));
      const known = request[begun];
      if (!known || !socket) return;
      const { connections } = this.#metrics;
      if (connections.opened(socket, known.kind.target)) this.#watch(socket);
      connections.used(socket, 1);
      socket[current] = request;
      known.socket = socket;
    } catch (error) {
      this.failed(error);
    }
  }

  #begin(request: WatchedRequest, path: string | null | undefined, port: string | number | undefined): void {
    if (this.#metrics.isOwn()) {
      request[begun] = null;
      return;
    }
    const scheme = request.protocol === 'https:' ? 'https' : 'http';
    const target = this.#metrics.target(scheme, path ?? request.host, path ? undefined : port);
    const kind = this.#metrics.kind(target, request.method);
    request[begun] = { kind, startedAt: performance.now(), span: this.#metrics.captureSpan(), socket: undefined };
  }

  #watch(socket: WatchedSocket): void {
    const over = (errorOf: (request: WatchedRequest) => string) =>
      this.guarded(() => {
        const request = socket[current];
        if (request) this.#ended(request, request.res?.complete ? undefined : errorOf(request));
      });
    const freed = over(() => 'aborted');
    const closed = over(({ destroyed, res }) => (destroyed || res?.destroyed ? 'aborted' : 'ECONNRESET'));
    const removed = this.guarded(() => {
      const request = socket[current];
      if (!request?.res?.upgrade) return;
      socket.off('free', freed).off('close', closed).off('agentRemove', removed);
      this.#metrics.connections.forget(socket);
      this.#ended(request, undefined);
    });
    // Before the agent's own listener, which gives the connection to the next request at once.
    socket.prependListener('free', freed);
    socket.on('close', closed).on('agentRemove', removed);
  }

  #ended(request: WatchedRequest, error: string | undefined): void {
    const known = request[begun];
    if (!known) return;
    request[begun] = null;
    const { kind, startedAt, span, socket } = known;
    if (socket) {
      this.#metrics.connections.used(socket, -1);
      socket[current] = undefined;
    }
    const { statusCode: status, httpVersion: version } = request.res ?? {};
    this.#metrics.ended(kind, status, version, error, startedAt, span);
  }
}

/** Of a request without an agent, whose options nobody sees. */
function portOfHost(request: WatchedRequest): string {
  const port = /:(\d+)$/.exec(String(request.getHeader('host')))?.[1];
  return port ?? (request.protocol === 'https:' ? '443' : '80');
}
