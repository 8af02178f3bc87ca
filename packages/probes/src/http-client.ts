import diagnosticsChannel from 'node:diagnostics_channel';
import { Agent, ClientRequest, type IncomingMessage } from 'node:http';
import type { Span, SpanContext } from '@opentelemetry/api';
import type { ClientSocket } from './http-client-connections.ts';
import { type ClientRequestKind, type HttpClientMetrics, requestErrorType } from './http-client-metrics.ts';
import { endClientSpan, HttpClientSpans, methodAttributes } from './http-client-spans.ts';
import { defaultPort, peerAttributes } from './http-conventions.ts';
import { outgoingHeaders } from './outgoing-headers.ts';
import { type Method, patchMethod, unpatchMethod } from './patch.ts';
import { Probe } from './probe.ts';
import { pathWithoutSecrets } from './url-secrets.ts';

const CREDENTIALS = 'REDACTED:REDACTED@';

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
  readonly exemplar: SpanContext | undefined;
  /** Undefined where nothing is recorded. */
  readonly span: Span | undefined;
  socket: WatchedSocket | undefined;
}

type Response = IncomingMessage & { readonly upgrade?: boolean | null };
type WatchedSocket = ClientSocket & { [current]?: WatchedRequest | undefined };

interface RequestOptions {
  readonly port?: string | number | null;
  readonly socketPath?: string | null;
  readonly auth?: string | null;
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
  /** Undefined where no spans are made. */
  readonly #spans: HttpClientSpans | undefined;
  readonly #onError = this.guarded(({ request, error }: { request: WatchedRequest; error: unknown }) =>
    this.#ended(request, requestErrorType(error), error),
  );
  /** Told, in spite of its name, when the head of the response has come: later the connection may be gone. */
  readonly #onResponse = this.guarded(({ request, response }: { request: WatchedRequest; response: Response }) =>
    request[begun]?.span?.setAttributes(peerAttributes(response.socket)),
  );

  /** @param hasSpans whether requests have spans */
  constructor(metrics: HttpClientMetrics, hasSpans: boolean) {
    super('http');
    this.#metrics = metrics;
    this.#spans = hasSpans ? new HttpClientSpans(() => this.tracer) : undefined;
  }

  override enable(): void {
    if (this.isEnabled()) return;
    super.enable();
    diagnosticsChannel.subscribe('http.client.request.error', this.#onError);
    if (this.#spans) diagnosticsChannel.subscribe('http.client.response.finish', this.#onResponse);
    patchMethod(Agent.prototype, 'addRequest', (original) => this.#adding(original));
    patchMethod(ClientRequest.prototype, 'onSocket', (original) => this.#connecting(original));
  }

  override disable(): void {
    super.disable();
    diagnosticsChannel.unsubscribe('http.client.request.error', this.#onError);
    diagnosticsChannel.unsubscribe('http.client.response.finish', this.#onResponse);
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
      if (request[begun] === undefined)
        this.#begin(request, options?.socketPath, options?.port ?? undefined, options?.auth);
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

  #begin(
    request: WatchedRequest,
    path: string | null | undefined,
    port: string | number | undefined,
    auth?: string | null,
  ): void {
    if (this.#metrics.isOwn()) {
      request[begun] = null;
      return;
    }
    const scheme = request.protocol === 'https:' ? 'https' : 'http';
    const target = this.#metrics.target(scheme, path ?? request.host, path ? undefined : port);
    if (target.isOwn) {
      request[begun] = null;
      return;
    }
    const kind = this.#metrics.kind(target, request.method);
    const startedAt = performance.now();
    const span = this.#spans?.started(request.method, request, outgoingHeaders);
    span?.setAttributes({
      ...methodAttributes(request.method),
      'server.address': target.address,
      'server.port': target.port,
      'url.full': urlOf(request, scheme, target.port, auth),
      'user_agent.original': request.getHeader('user-agent') as string | undefined,
    });
    request[begun] = { kind, startedAt, exemplar: this.#metrics.captureSpan(span), span, socket: undefined };
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

  #ended(request: WatchedRequest, type: string | undefined, error?: unknown): void {
    const known = request[begun];
    if (!known) return;
    request[begun] = null;
    const { kind, startedAt, exemplar, span, socket } = known;
    if (socket) {
      this.#metrics.connections.used(socket, -1);
      socket[current] = undefined;
    }
    const { statusCode: status, httpVersion: version } = request.res ?? {};
    if (span) endClientSpan(span, status, version, type, error);
    this.#metrics.ended(kind, status, version, type, startedAt, exemplar);
  }
}

/** Where a request goes, without what is secret. */
function urlOf({ host, path }: WatchedRequest, scheme: string, port: number | undefined, auth?: string | null): string {
  const told = pathWithoutSecrets(path);
  // As it is asked of a proxy.
  if (!path.startsWith('/')) return told.replace(/\/\/[^/@]*@/, `//${CREDENTIALS}`);
  const address = host.includes(':') ? `[${host}]` : host;
  const at = port === undefined || port === defaultPort(scheme) ? address : `${address}:${port}`;
  return `${scheme}://${auth ? CREDENTIALS : ''}${at}${told}`;
}

/** Of a request without an agent, whose options nobody sees. */
function portOfHost(request: WatchedRequest): string {
  const port = /:(\d+)$/.exec(String(request.getHeader('host')))?.[1];
  return port ?? (request.protocol === 'https:' ? '443' : '80');
}
