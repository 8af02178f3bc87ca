import diagnosticsChannel from 'node:diagnostics_channel';
import type { Span, SpanContext, TextMapSetter } from '@opentelemetry/api';
import { KeyTree } from '@otel-register/cells';
import type { ClientSocket } from './http-client-connections.ts';
import {
  type ClientRequestKind,
  type HttpClientMetrics,
  type HttpTarget,
  requestErrorType,
} from './http-client-metrics.ts';
import { endClientSpan, HttpClientSpans, methodAttributes } from './http-client-spans.ts';
import { type Peer, peerAttributes } from './http-conventions.ts';
import { Probe } from './probe.ts';
import { pathWithoutSecrets } from './url-secrets.ts';

/** How many origins are remembered with what they were parsed to. */
const MOST_ORIGINS = 2_000;

const kindOf = Symbol('otel-register.kind');
const startedAt = Symbol('otel-register.started-at');
const exemplarOf = Symbol('otel-register.exemplar');
const spanOf = Symbol('otel-register.span');
const statusOf = Symbol('otel-register.status');
const connection = Symbol('otel-register.connection');

type Socket = ClientSocket & Peer & { readonly alpnProtocol?: string | false | null };

type OnUpgrade = (this: UndiciRequest, status: number | null, ...rest: unknown[]) => unknown;

interface UndiciRequest {
  readonly origin: string | URL;
  readonly method: string;
  readonly path: string;
  /** Names and values in turn. */
  readonly headers: unknown;
  addHeader(name: string, value: string): void;
  /** The protocol that it asks for. */
  readonly upgrade?: unknown;
  onUpgrade?: OnUpgrade;
  /** In undici 8 instead of the other. */
  onRequestUpgrade?: OnUpgrade;
  /** Undefined when it is over or is none of the service's. */
  [kindOf]?: ClientRequestKind | undefined;
  [startedAt]: number;
  [exemplarOf]?: SpanContext;
  /** Undefined where nothing is recorded. */
  [spanOf]?: Span;
  [statusOf]?: number;
  [connection]?: Socket;
}

interface Message {
  readonly request: UndiciRequest;
}

interface ConnectedMessage {
  readonly connectParams: { readonly hostname: string; readonly protocol: string; readonly port: string };
  readonly socket: Socket;
}

/**
 * Measures the requests of undici 6, 7 and 8 and of the `fetch` that Node makes of it, each hop of a redirect as one request,
 * from its creation to the end of its response.
 *
 * Every copy of undici publishes on the same channels, each its own requests. What they miss, in the versions of Node 20 to
 * 26, is a request that becomes an upgrade or a tunnel.
 */
export class UndiciProbe extends Probe {
  readonly #metrics: HttpClientMetrics;
  /** Undefined where no spans are made. */
  readonly #spans: HttpClientSpans | undefined;
  readonly #origins = KeyTree.bounded<HttpTarget>(MOST_ORIGINS);
  readonly #subscribers: Readonly<Record<string, (message: unknown) => void>>;

  /** @param hasSpans whether requests have spans */
  constructor(metrics: HttpClientMetrics, hasSpans: boolean) {
    super('undici');
    this.#metrics = metrics;
    this.#spans = hasSpans ? new HttpClientSpans(() => this.tracer) : undefined;
    this.#subscribers = {
      'undici:request:create': this.guarded(({ request }: Message) => this.#created(request)),
      'undici:client:connected': this.guarded((message: ConnectedMessage) => this.#connected(message)),
      'undici:client:sendHeaders': this.guarded(({ request, socket }: Message & { socket: Socket }) =>
        this.#sent(request, socket),
      ),
      'undici:request:headers': this.guarded(
        ({ request, response }: Message & { response: { statusCode: number } }) => {
          request[statusOf] = response.statusCode;
        },
      ),
      'undici:request:trailers': this.guarded(({ request }: Message) => this.#ended(request, undefined)),
      'undici:request:error': this.guarded(({ request, error }: Message & { error: unknown }) =>
        this.#ended(request, requestErrorType(error), error),
      ),
    };
  }

  override enable(): void {
    if (this.isEnabled()) return;
    super.enable();
    for (const [name, subscriber] of Object.entries(this.#subscribers)) diagnosticsChannel.subscribe(name, subscriber);
  }

  override disable(): void {
    super.disable();
    for (const [name, subscriber] of Object.entries(this.#subscribers))
      diagnosticsChannel.unsubscribe(name, subscriber);
  }

  #created(request: UndiciRequest): void {
    if (this.#metrics.isOwn()) return;
    const { origin, method } = request;
    const known = this.#origins.child(typeof origin === 'string' ? origin : origin.origin);
    if (known.isOverflow || !known.value) known.value = this.#targetOf(new URL(origin));
    if (known.value.isOwn) return;
    request[kindOf] = this.#metrics.kind(known.value, method);
    request[startedAt] = performance.now();
    const span = this.#spans && this.#startSpan(this.#spans, request, known.value);
    const exemplar = this.#metrics.captureSpan(span);
    if (exemplar) request[exemplarOf] = exemplar;
    if (request.upgrade || method === 'CONNECT') this.#watchUpgrade(request);
  }

  #startSpan(spans: HttpClientSpans, request: UndiciRequest, target: HttpTarget): Span | undefined {
    const { method, path, origin } = request;
    const span = spans.started(method, request, ADDED_HEADERS);
    if (!span) return undefined;
    const told = pathWithoutSecrets(path);
    const end = told.indexOf('?');
    span.setAttributes({
      ...methodAttributes(method),
      'server.address': target.address,
      'server.port': target.port,
      'url.scheme': target.scheme,
      'url.full': `${typeof origin === 'string' ? origin : origin.origin}${told}`,
      'url.path': end === -1 ? told : told.slice(0, end),
      'url.query': end === -1 ? undefined : told.slice(end + 1),
      'user_agent.original': userAgentOf(request),
    });
    request[spanOf] = span;
    return span;
  }

  #targetOf({ protocol, hostname, port }: Pick<URL, 'protocol' | 'hostname' | 'port'>): HttpTarget {
    const scheme = protocol.slice(0, -1);
    const address = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
    return this.#metrics.target(scheme, address, port || (scheme === 'https' ? 443 : 80));
  }

  /** On the request itself: there is no other way to know of one that is rare. */
  #watchUpgrade(request: UndiciRequest): void {
    const name = request.onRequestUpgrade ? 'onRequestUpgrade' : 'onUpgrade';
    const onUpgrade = request[name];
    const upgraded = this.guarded((status: number | null) => {
      if (status !== null) request[statusOf] = status;
      const socket = request[connection];
      this.#ended(request, undefined);
      if (socket) this.#metrics.connections.forget(socket);
    });
    request[name] = function (...args) {
      upgraded(args[0]);
      return onUpgrade?.apply(this, args);
    };
  }

  #connected({ connectParams, socket }: ConnectedMessage): void {
    const target = this.#targetOf(connectParams);
    if (!target.isOwn && !this.#metrics.isOwn()) this.#metrics.connections.opened(socket, target);
  }

  #sent(request: UndiciRequest, socket: Socket): void {
    const earlier = request[connection];
    if (!request[kindOf] || socket === earlier) return;
    // Sent once more, after its connection was reset.
    if (earlier) this.#metrics.connections.used(earlier, -1);
    request[connection] = socket;
    this.#metrics.connections.used(socket, 1);
    request[spanOf]?.setAttributes(peerAttributes(socket));
  }

  #ended(request: UndiciRequest, type: string | undefined, error?: unknown): void {
    const kind = request[kindOf];
    if (!kind) return;
    request[kindOf] = undefined;
    const socket = request[connection];
    if (socket) this.#metrics.connections.used(socket, -1);
    const status = request[statusOf];
    // Undici 6 does not tell the connection of a request over HTTP/2.
    const version = status === undefined ? undefined : socket && (socket.alpnProtocol === 'h2' ? '2' : '1.1');
    const span = request[spanOf];
    if (span) endClientSpan(span, status, version, type, error);
    this.#metrics.ended(kind, status, version, type, request[startedAt], request[exemplarOf]);
  }
}

const ADDED_HEADERS: TextMapSetter<UndiciRequest> = { set: (request, name, value) => request.addHeader(name, value) };

function userAgentOf({ headers }: UndiciRequest): string | undefined {
  if (!Array.isArray(headers)) return undefined;
  const at = headers.findIndex((name, index) => index % 2 === 0 && /^user-agent$/i.test(String(name)));
  return at === -1 ? undefined : String(headers[at + 1]);
}
