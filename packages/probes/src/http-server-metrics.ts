import type { Span } from '@opentelemetry/api';
import {
  type CaptureSpan,
  type CellRegistry,
  type CounterCell,
  type HistogramCell,
  KeyTree,
  OVERFLOW,
} from '@otel-register/cells';
import { HTTP_BODY_SIZE_BOUNDARIES, HTTP_DURATION_BOUNDARIES, methodName } from './http-conventions.ts';
import { endServerSpan } from './http-server-spans.ts';

/** More than there are schemes, versions and methods together. */
const MOST_KINDS = 100;

/** What is known of a request at its start. It is not asked again: the service may change the method on its way. */
export interface RequestKind {
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
  /** Bound when there is a body: most kinds of requests never have one. */
  requestSize: HistogramCell | undefined;
  responseSize: HistogramCell | undefined;
  readonly bindSize: (metric: 'requestSize' | 'responseSize') => HistogramCell;
}

/** The metrics of all HTTP servers (semantic conventions, "HTTP server"), whatever the version of the protocol. */
export class HttpServerMetrics {
  readonly #metrics: ReturnType<typeof httpServerMetrics>;
  readonly #kinds = KeyTree.bounded<RequestKind>(MOST_KINDS);
  readonly #ends: KeyTree<RequestCells>;
  readonly #captureSpan: CaptureSpan;

  constructor(cells: CellRegistry) {
    this.#metrics = httpServerMetrics(cells);
    this.#captureSpan = cells.captureSpan;
    this.#ends = KeyTree.bounded(cells.cardinalityLimit * 4);
  }

  /** What a request that begins is. It is to be counted in the kind's `active` from now until just before {@link ended}. */
  kindOf(scheme: 'http' | 'https', version: string, asked: string | undefined): RequestKind {
    const method = methodName(asked);
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

  /**
   * Counts a request that has just ended, and ends its span.
   *
   * @param route its pattern
   * @param status undefined when it was given up before there was one
   * @param startedAt in milliseconds, as `performance.now()` tells them
   * @param requestSize bytes of the body; undefined where there is none or it is not whole
   * @param responseSize bytes of the body; undefined where there cannot be one
   * @param span what it was served in, which the observations are remembered with
   */
  ended(
    kind: RequestKind,
    route: string | undefined,
    status: number | undefined,
    aborted: 'aborted' | undefined,
    startedAt: number,
    requestSize?: number,
    responseSize?: number,
    span?: Span,
  ): void {
    const seconds = (performance.now() - startedAt) / 1000;
    if (span) endServerSpan(span, kind.method, route, status, aborted);
    const exemplar = span && this.#captureSpan(span);
    const node = kind.ends.child(route).child(status).child(aborted);
    node.value ??= this.#bind(kind, route, status, aborted, node.isOverflow);
    const cells = node.value;
    cells.duration.record(seconds, exemplar);
    cells.count.add(1);
    cells.errors?.add(1);
    if (requestSize !== undefined) {
      cells.requestSize ??= cells.bindSize('requestSize');
      cells.requestSize.record(requestSize, exemplar);
    }
    if (responseSize !== undefined) {
      cells.responseSize ??= cells.bindSize('responseSize');
      cells.responseSize.record(responseSize, exemplar);
    }
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
      requestSize: undefined,
      responseSize: undefined,
      bindSize: (metric) => this.#metrics[metric].bind(isOverflow ? OVERFLOW : measured),
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
    requestSize: cells.histogram({
      name: 'http.server.request.body.size',
      unit: 'By',
      description: 'Size of the bodies of HTTP server requests, as they were transferred.',
      boundaries: HTTP_BODY_SIZE_BOUNDARIES,
    }),
    responseSize: cells.histogram({
      name: 'http.server.response.body.size',
      unit: 'By',
      description: 'Size of the bodies of HTTP server responses, as they were transferred.',
      boundaries: HTTP_BODY_SIZE_BOUNDARIES,
    }),
  };
}
