import type { SpanContext } from '@opentelemetry/api';
import {
  type CaptureSpan,
  type CellRegistry,
  type CounterCell,
  type HistogramCell,
  KeyTree,
  OVERFLOW,
} from '@otel-register/cells';
import { errorType } from './error-type.ts';
import { HttpClientConnections } from './http-client-connections.ts';
import { HTTP_DURATION_BOUNDARIES, methodName } from './http-conventions.ts';

/** A server that requests go to. There is a bounded number of them; the one beyond it stands for all others. */
export interface HttpTarget {
  readonly scheme: string;
  /** Its name as the service gave it, or the path of a Unix socket. */
  readonly address: string;
  readonly port: number | undefined;
  readonly isOverflow: boolean;
  /** Whether it takes telemetry: then nothing that is sent there is the service's own. */
  readonly isOwn: boolean;
}

/** Tells the servers that take telemetry. */
export type OwnServer = (address: string, port: number | undefined) => boolean;

/** What is known of a request at its start. */
export interface ClientRequestKind {
  readonly target: HttpTarget;
  readonly method: string;
  /** By status, protocol version and error. */
  readonly ends: KeyTree<EndCells>;
}

/** The cells of all requests of one kind that end alike. */
interface EndCells {
  readonly duration: HistogramCell;
  readonly errors: CounterCell | undefined;
}

/** The metrics of all HTTP clients (semantic conventions, "HTTP client metrics"): one set, whichever client was used. */
export class HttpClientMetrics {
  readonly connections: HttpClientConnections;
  /** Whether what happens now is telemetry's own, such as an export of spans. */
  readonly isOwn: () => boolean;
  readonly captureSpan: CaptureSpan;
  readonly #metrics: ReturnType<typeof httpClientMetrics>;
  readonly #isOwnServer: OwnServer;
  readonly #targets: KeyTree<HttpTarget>;
  readonly #kinds: KeyTree<ClientRequestKind>;
  readonly #ends: KeyTree<EndCells>;

  constructor(cells: CellRegistry, isOwn: () => boolean, isOwnServer: OwnServer) {
    this.isOwn = isOwn;
    this.#isOwnServer = isOwnServer;
    this.captureSpan = cells.captureSpan;
    this.connections = new HttpClientConnections(cells);
    this.#metrics = httpClientMetrics(cells);
    this.#targets = KeyTree.bounded(cells.cardinalityLimit * 4);
    this.#kinds = KeyTree.bounded(cells.cardinalityLimit * 4);
    this.#ends = KeyTree.bounded(cells.cardinalityLimit * 4);
  }

  /** @param port undefined for a Unix socket, whose path is the address */
  target(scheme: string, address: string, port: string | number | undefined): HttpTarget {
    const number = port === undefined ? undefined : Number(port);
    const node = this.#targets.child(scheme).child(address).child(number);
    node.value ??= {
      scheme,
      address,
      port: number,
      isOverflow: node.isOverflow,
      isOwn: this.#isOwnServer(address, number),
    };
    return node.value;
  }

  kind(target: HttpTarget, asked: string | undefined): ClientRequestKind {
    const method = methodName(asked);
    const node = this.#kinds.child(target).child(method);
    node.value ??= { target, method, ends: this.#ends.child(node) };
    return node.value;
  }

  /**
   * Counts a request that is over.
   *
   * @param status undefined when none was received
   * @param version of the protocol, `1.1` or `2`, as far as it is known
   * @param error what `error.type` is to say of a request that failed; a status of 400 or more says it otherwise
   * @param startedAt by `performance.now()`
   */
  ended(
    kind: ClientRequestKind,
    status: number | undefined,
    version: string | undefined,
    error: string | undefined,
    startedAt: number,
    span: SpanContext | undefined,
  ): void {
    const node = kind.ends.child(status).child(version).child(error);
    node.value ??= this.#bind(kind, status, version, error, node.isOverflow);
    const { duration, errors } = node.value;
    duration.record((performance.now() - startedAt) / 1000, span);
    errors?.add(1);
  }

  #bind(
    { target, method }: ClientRequestKind,
    status: number | undefined,
    version: string | undefined,
    error: string | undefined,
    isFull: boolean,
  ): EndCells {
    const isOverflow = isFull || target.isOverflow;
    const type = error ?? (status !== undefined && status >= 400 ? String(status) : undefined);
    const counted = {
      'http.request.method': method,
      'server.address': target.address,
      'server.port': target.port,
      'error.type': type,
    };
    const measured = {
      ...counted,
      'http.response.status_code': status,
      'network.protocol.version': version,
      'url.scheme': target.scheme,
    };
    return {
      duration: this.#metrics.duration.bind(isOverflow ? OVERFLOW : measured),
      errors: type === undefined ? undefined : this.#metrics.errors.bind(isOverflow ? OVERFLOW : counted),
    };
  }
}

function httpClientMetrics(cells: CellRegistry) {
  return {
    duration: cells.histogram({
      name: 'http.client.request.duration',
      unit: 's',
      description: 'Duration of HTTP client requests, to the end of the response.',
      boundaries: HTTP_DURATION_BOUNDARIES,
    }),
    errors: cells.counter({
      name: 'http.client.errors',
      unit: '{error}',
      description: 'HTTP client requests that failed or were answered with a status of 400 or more.',
    }),
  };
}

/** What `error.type` says of a request that failed: a code (`ECONNREFUSED`), `aborted` or `timeout` where the service gave it up. */
export function requestErrorType(error: unknown): string {
  const { code, name, cause } = (error ?? {}) as { code?: unknown; name?: unknown; cause?: unknown };
  if (name === 'TimeoutError') return 'timeout';
  if (name === 'AbortError' || code === 'ABORT_ERR') return isTimeout(cause) ? 'timeout' : 'aborted';
  return errorType(error);
}

function isTimeout(cause: unknown): boolean {
  return (cause as { name?: unknown } | undefined)?.name === 'TimeoutError';
}
