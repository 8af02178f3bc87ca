import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type CellRegistry, type CounterCell, type HistogramCell, KeyTree, OVERFLOW } from '@otel-register/cells';
import { routeOf } from './http-route.ts';
import { OpenConnections } from './open-connections.ts';
import { Probe } from './probe.ts';

/** Buckets that the semantic conventions advise for http.server.request.duration, in seconds. */
const DURATION_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The methods of RFC 9110 and RFC 5789; any other one is `_OTHER`, for a client may send what it likes. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

const startedAt = Symbol('otel-register.started-at');
const inFlight = Symbol('otel-register.in-flight');

type TimedRequest = IncomingMessage & { [startedAt]?: number };
type WatchedSocket = Socket & { [inFlight]?: Map<TimedRequest, ServerResponse>; encrypted?: boolean };

interface StartMessage {
  readonly request: TimedRequest;
  readonly response: ServerResponse;
  readonly socket: WatchedSocket;
  readonly server: Server;
}

/** The cells of all requests of one kind. */
interface RequestCells {
  readonly duration: HistogramCell;
  readonly count: CounterCell;
  readonly errors: CounterCell | undefined;
}

/**
 * Measures the requests that node:http and node:https servers answer (semantic conventions, "HTTP server metrics").
 *
 * It listens to Node's own diagnostics channels. They announce no end of a request that the client gave up, so the close of
 * the connection is watched as well, once a connection.
 */
export class HttpServerProbe extends Probe {
  readonly #metrics: ReturnType<typeof httpServerMetrics>;
  readonly #ignores: (message: { request?: IncomingMessage; server: Server }) => boolean;
  readonly #kinds: KeyTree<RequestCells>;
  readonly #active = KeyTree.bounded<CounterCell>(METHODS.size * 4);
  readonly #connections: OpenConnections;
  readonly #onStart = this.guarded((message: StartMessage) => this.#started(message));
  readonly #onFinish = this.guarded(({ request, response, socket }: StartMessage) => {
    if (socket[inFlight]?.delete(request)) this.#ended(request, response, undefined);
  });

  /** @param ignores tells requests that are none of the service's, such as scrapes, and servers that are none of its own */
  constructor(cells: CellRegistry, ignores: (message: { request?: IncomingMessage; server: Server }) => boolean) {
    super('http');
    this.#ignores = ignores;
    this.#metrics = httpServerMetrics(cells);
    this.#kinds = KeyTree.bounded(cells.cardinalityLimit * 4);
    this.#connections = new OpenConnections(cells, (server) => ignores({ server }));
  }

  override enable(): void {
    super.enable();
    diagnosticsChannel.subscribe('http.server.request.start', this.#onStart);
    diagnosticsChannel.subscribe('http.server.response.finish', this.#onFinish);
    this.#connections.watch();
  }

  override disable(): void {
    super.disable();
    diagnosticsChannel.unsubscribe('http.server.request.start', this.#onStart);
    diagnosticsChannel.unsubscribe('http.server.response.finish', this.#onFinish);
    this.#connections.unwatch();
  }

  #started(message: StartMessage): void {
    const { request, response, socket } = message;
    if (this.#ignores(message)) return;
    let open = socket[inFlight];
    if (!open) {
      open = socket[inFlight] = new Map();
      socket.once('close', () => this.#closed(socket));
    }
    open.set(request, response);
    request[startedAt] = performance.now();
    this.#activeCell(request).add(1);
  }

  /** Whatever was still in flight on a connection that is gone has been given up. */
  #closed(socket: WatchedSocket): void {
    try {
      for (const [request, response] of socket[inFlight] ?? []) this.#ended(request, response, 'aborted');
      socket[inFlight]?.clear();
    } catch (error) {
      this.failed(error);
    }
  }

  #ended(request: TimedRequest, response: ServerResponse, aborted: 'aborted' | undefined): void {
    const seconds = (performance.now() - (request[startedAt] ?? 0)) / 1000;
    const status = aborted && !response.headersSent ? undefined : response.statusCode;
    const method = methodOf(request);
    const route = routeOf(request);
    const node = this.#kinds
      .child(schemeOf(request))
      .child(request.httpVersion)
      .child(method)
      .child(route)
      .child(status)
      .child(aborted);
    node.value ??= this.#bind(request, method, route, status, aborted, node.isOverflow);
    const cells = node.value;
    cells.duration.record(seconds);
    cells.count.add(1);
    cells.errors?.add(1);
    this.#activeCell(request).add(-1);
  }

  #bind(
    request: IncomingMessage,
    method: string,
    route: string | undefined,
    status: number | undefined,
    aborted: string | undefined,
    isOverflow: boolean,
  ): RequestCells {
    const error = aborted ?? (status !== undefined && status >= 500 ? String(status) : undefined);
    const counted = { 'http.request.method': method, 'http.route': route };
    const answered = { ...counted, 'http.response.status_code': status };
    const measured = {
      ...answered,
      'url.scheme': schemeOf(request),
      'network.protocol.version': request.httpVersion,
      'error.type': error,
    };
    return {
      duration: this.#metrics.duration.bind(isOverflow ? OVERFLOW : measured),
      count: this.#metrics.count.bind(isOverflow ? OVERFLOW : answered),
      errors:
        error === undefined
          ? undefined
          : this.#metrics.errors.bind(isOverflow ? OVERFLOW : { ...counted, 'error.type': error }),
    };
  }

  #activeCell(request: IncomingMessage): CounterCell {
    const method = methodOf(request);
    const scheme = schemeOf(request);
    const node = this.#active.child(method).child(scheme);
    node.value ??= this.#metrics.active.bind({ 'http.request.method': method, 'url.scheme': scheme });
    return node.value;
  }
}

function httpServerMetrics(cells: CellRegistry) {
  return {
    duration: cells.histogram({
      name: 'http.server.request.duration',
      unit: 's',
      description: 'Duration of HTTP server requests.',
      boundaries: DURATION_BOUNDARIES,
    }),
    count: cells.counter({
      name: 'http.server.requests',
      unit: '{request}',
      description: 'HTTP requests that were answered or given up by the client.',
    }),
    errors: cells.counter({
      name: 'http.server.errors',
      unit: '{error}',
      description: 'HTTP requests that ended with a status of 500 or more or were given up by the client.',
    }),
    active: cells.upDownCounter({
      name: 'http.server.active_requests',
      unit: '{request}',
      description: 'HTTP requests in flight.',
    }),
  };
}

function methodOf(request: IncomingMessage): string {
  const method = request.method ?? '';
  return METHODS.has(method) ? method : '_OTHER';
}

function schemeOf(request: IncomingMessage): 'http' | 'https' {
  return (request.socket as WatchedSocket).encrypted ? 'https' : 'http';
}
