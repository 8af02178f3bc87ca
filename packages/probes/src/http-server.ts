import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type CellRegistry, type CounterCell, type HistogramCell, KeyTree, OVERFLOW } from '@otel-register/cells';
import { HTTP_DURATION_BOUNDARIES, methodName } from './http-conventions.ts';
import { routeOf } from './http-route.ts';
import { OpenConnections } from './open-connections.ts';
import { Probe } from './probe.ts';

/** More than there are schemes, versions and methods together. */
const MOST_KINDS = 100;

const startedAt = Symbol('otel-register.started-at');
const kindOf = Symbol('otel-register.kind');
const inFlight = Symbol('otel-register.in-flight');

type WatchedRequest = IncomingMessage & { [startedAt]: number; [kindOf]: RequestKind };
type WatchedSocket = Socket & { [inFlight]?: StartMessage[]; readonly encrypted?: boolean };

interface StartMessage {
  readonly request: WatchedRequest;
  readonly response: ServerResponse;
  readonly socket: WatchedSocket;
  readonly server: Server;
}

/** What is known of a request at its start. It is not asked again: the service may change the method on its way. */
interface RequestKind {
  readonly scheme: 'http' | 'https';
  readonly version: string;
  readonly method: string;
  readonly active: CounterCell;
  /** By route, status and whether it was aborted. */
  readonly ends: KeyTree<RequestCells>;
}

/** The cells of all requests of one kind that end alike. */
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
  readonly #kinds = KeyTree.bounded<RequestKind>(MOST_KINDS);
  readonly #ends: KeyTree<RequestCells>;
  readonly #connections: OpenConnections;
  readonly #onStart = this.guarded((message: StartMessage) => this.#started(message));
  readonly #onFinish = this.guarded((message: StartMessage) => this.#finished(message));

  /** @param ignores tells requests that are none of the service's, such as scrapes, and servers that are none of its own */
  constructor(cells: CellRegistry, ignores: (message: { request?: IncomingMessage; server: Server }) => boolean) {
    super('http');
    this.#ignores = ignores;
    this.#metrics = httpServerMetrics(cells);
    this.#ends = KeyTree.bounded(cells.cardinalityLimit * 4);
    this.#connections = new OpenConnections(cells, (server) => ignores({ server }));
  }

  override enable(): void {
    if (this.isEnabled()) return;
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
    const { request, socket } = message;
    if (this.#ignores(message)) return;
    const kind = this.#kindOf(request, socket);
    request[kindOf] = kind;
    request[startedAt] = performance.now();
    const open = socket[inFlight];
    if (open) {
      open.push(message);
    } else {
      socket[inFlight] = [message];
      // Before Node's own listener, which tells the service: what it answers then, nobody gets.
      socket.prependOnceListener('close', () => this.#closed(socket));
    }
    kind.active.add(1);
  }

  #finished({ request, response, socket }: StartMessage): void {
    const open = socket[inFlight];
    const index = open ? indexOf(open, request) : -1;
    // A response that is written after its connection is gone finishes too; it was counted when the connection went.
    if (!open || index === -1) return;
    if (index === open.length - 1) open.pop();
    else open.splice(index, 1);
    this.#ended(request, response, undefined);
  }

  /** Whatever was still in flight on a connection that is gone has been given up. */
  #closed(socket: WatchedSocket): void {
    for (const { request, response } of socket[inFlight]?.splice(0) ?? []) {
      try {
        this.#ended(request, response, 'aborted');
      } catch (error) {
        this.failed(error);
      }
    }
  }

  #ended(request: WatchedRequest, response: ServerResponse, aborted: 'aborted' | undefined): void {
    const kind = request[kindOf];
    kind.active.add(-1);
    const status = aborted && !isHeadSent(response) ? undefined : response.statusCode;
    const route = routeOf(request);
    const node = kind.ends.child(route).child(status).child(aborted);
    node.value ??= this.#bind(kind, route, status, aborted, node.isOverflow);
    const { duration, count, errors } = node.value;
    duration.record((performance.now() - request[startedAt]) / 1000);
    count.add(1);
    errors?.add(1);
  }

  #kindOf(request: IncomingMessage, socket: WatchedSocket): RequestKind {
    const scheme = socket.encrypted ? 'https' : 'http';
    const { httpVersion: version } = request;
    const method = methodName(request.method);
    const node = this.#kinds.child(scheme).child(version).child(method);
    node.value ??= {
      scheme,
      version,
      method,
      active: this.#metrics.active.bind({ 'http.request.method': method, 'url.scheme': scheme }),
      ends: this.#ends.child(scheme).child(version).child(method),
    };
    return node.value;
  }

  #bind(
    { scheme, version, method }: RequestKind,
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
      'url.scheme': scheme,
      'network.protocol.version': version,
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
}

function httpServerMetrics(cells: CellRegistry) {
  return {
    duration: cells.histogram({
      name: 'http.server.request.duration',
      unit: 's',
      description: 'Duration of HTTP server requests.',
      boundaries: HTTP_DURATION_BOUNDARIES,
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

/** A response that waits for an earlier one of its connection has a head, but has no socket to send it on. */
function isHeadSent(response: ServerResponse): boolean {
  return response.headersSent && response.socket !== null;
}

function indexOf(open: readonly StartMessage[], request: IncomingMessage): number {
  for (let index = 0; index < open.length; index++) if (open[index]?.request === request) return index;
  return -1;
}
