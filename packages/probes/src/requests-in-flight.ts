import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Span } from '@opentelemetry/api';
import type { HttpServerMetrics, RequestKind } from './http-server-metrics.ts';

const inFlight = Symbol('otel-register.in-flight');

/** The connection of a server. */
export type ServerSocket = Socket & { [inFlight]?: RequestsInFlight; readonly encrypted?: boolean };

/** A request that a server has begun to work on. */
export interface RequestInFlight {
  kind: RequestKind;
  request: IncomingMessage;
  response: ServerResponse;
  /** In milliseconds, as `performance.now()` tells them. */
  startedAt: number;
  /** Bytes of the response's body as far as they were counted; NaN when none were. */
  sent: number;
  span: Span | undefined;
}

/** That the client has given a request up, or that nobody will see its end. */
export type Unfinished = 'aborted' | 'forgotten';

/** Told of each request once, when it ends; what it is told is good for the time of the call. */
export type RequestEnded = (ended: Readonly<RequestInFlight>, unfinished: Unfinished | undefined) => void;

/** Without a request it is free. */
class Place {
  kind: RequestKind | undefined = undefined;
  request: IncomingMessage | undefined = undefined;
  response: ServerResponse | undefined = undefined;
  /** No whole number at first: V8 then writes those that follow in place. */
  startedAt = 0.5;
  sent = Number.NaN;
  span: Span | undefined = undefined;
}

/**
 * The requests of one connection that have not ended: one at a time, unless the client pipelines. What is known of that one is
 * kept in a place that the next request takes over, so that a request costs no object and Node's own keep their shape.
 */
export class RequestsInFlight {
  /** Those of all connections. */
  static readonly #all = new Set<RequestsInFlight>();
  readonly #scheme: 'http' | 'https';
  readonly #metrics: HttpServerMetrics;
  readonly #ended: RequestEnded;
  readonly #place = new Place();
  readonly #pipelined: RequestInFlight[] = [];
  /** What the kind of the latest request was told by; the next one is mostly alike. */
  #method: string | undefined = undefined;
  #minorVersion = -1;
  #kind: RequestKind | undefined = undefined;

  /** Those of a connection; undefined when no request that is watched came over it. */
  static on(socket: Socket | null | undefined): RequestsInFlight | undefined {
    return (socket as ServerSocket | null | undefined)?.[inFlight];
  }

  /**
   * Makes a connection one whose requests are watched.
   *
   * @param ended must not throw
   */
  static watch(socket: ServerSocket, metrics: HttpServerMetrics, ended: RequestEnded): RequestsInFlight {
    const requests = new RequestsInFlight(socket.encrypted ? 'https' : 'http', metrics, ended);
    socket[inFlight] = requests;
    // Before Node's own listener, which tells the service: what it answers then, nobody gets.
    socket.prependOnceListener('close', () => {
      RequestsInFlight.#all.delete(requests);
      requests.#endAll('aborted');
    });
    RequestsInFlight.#all.add(requests);
    return requests;
  }

  /** Forgets the requests of all connections. */
  static letGo(): void {
    for (const requests of RequestsInFlight.#all) requests.#endAll('forgotten');
  }

  private constructor(scheme: 'http' | 'https', metrics: HttpServerMetrics, ended: RequestEnded) {
    this.#scheme = scheme;
    this.#metrics = metrics;
    this.#ended = ended;
  }

  started(request: IncomingMessage, response: ServerResponse, span: Span | undefined): void {
    const { method, httpVersionMinor: minorVersion } = request;
    if (this.#kind === undefined || method !== this.#method || minorVersion !== this.#minorVersion) {
      this.#kind = this.#metrics.kindOf(this.#scheme, request.httpVersion, method);
      this.#method = method;
      this.#minorVersion = minorVersion;
    }
    const kind = this.#kind;
    const startedAt = performance.now();
    const place = this.#place;
    if (place.request === undefined) {
      place.kind = kind;
      place.request = request;
      place.response = response;
      place.startedAt = startedAt;
      place.sent = Number.NaN;
      place.span = span;
    } else {
      this.#pipelined.push({ kind, request, response, startedAt, sent: Number.NaN, span });
    }
    kind.active.add(1);
  }

  /** What is known of a request that has not ended. */
  of(request: IncomingMessage): RequestInFlight | undefined {
    if (this.#place.request === request) return this.#place as RequestInFlight;
    return this.#pipelined.find((pipelined) => pipelined.request === request);
  }

  /** A response that is written after its connection is gone finishes too: its request has ended before. */
  finished(request: IncomingMessage, unfinished?: Unfinished): void {
    const place = this.#place;
    if (place.request === request) {
      this.#ended(place as RequestInFlight, unfinished);
      // A connection that waits for its next request holds on to nothing of the last one.
      place.request = undefined;
      place.response = undefined;
      place.span = undefined;
      return;
    }
    const index = this.#pipelined.findIndex((pipelined) => pipelined.request === request);
    const [ended] = index === -1 ? [] : this.#pipelined.splice(index, 1);
    if (ended) this.#ended(ended, unfinished);
  }

  #endAll(unfinished: Unfinished): void {
    if (this.#place.request !== undefined) this.finished(this.#place.request, unfinished);
    for (const ended of this.#pipelined.splice(0)) this.#ended(ended, unfinished);
  }
}
