import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Span } from '@opentelemetry/api';
import { routeOf } from './http-route.ts';
import type { HttpServerMetrics, RequestKind } from './http-server-metrics.ts';
import { endServerSpan, type HttpServerSpans } from './http-server-spans.ts';
import { type Method, overrideMethod, restoreMethod } from './patch.ts';

const STATUS_LINE = /^HTTP\/\d\.\d (\d{3})/;
const STATUS_LINE_LENGTH = 'HTTP/1.1 101'.length;

interface Handshake {
  readonly request: IncomingMessage;
  readonly kind: RequestKind;
  readonly startedAt: number;
  readonly span: Span | undefined;
}

/**
 * Measures the requests of HTTP/1 that Node gives to the service with their connection: upgrades, such as those to WebSocket,
 * and CONNECT. Such a request ends with the head of its answer, 101 or 200 where it is granted; what goes over the connection
 * from then on is no HTTP.
 *
 * The service writes that head itself. So the connection is watched until the first status is written to it, or it is closed.
 */
export class HttpUpgrades {
  readonly #metrics: HttpServerMetrics;
  readonly #spans: HttpServerSpans | undefined;
  readonly #failed: (error: unknown) => void;

  constructor(metrics: HttpServerMetrics, spans: HttpServerSpans | undefined, failed: (error: unknown) => void) {
    this.#metrics = metrics;
    this.#spans = spans;
    this.#failed = failed;
  }

  /** A server tells its listener of an upgrade or CONNECT. */
  started(request: IncomingMessage, socket: Socket & { readonly encrypted?: boolean }): void {
    const { httpVersion, method, url = '/', headers } = request;
    const scheme = socket.encrypted ? 'https' : 'http';
    const kind = this.#metrics.kindOf(scheme, httpVersion, method);
    kind.active.add(1);
    const span = this.#spans?.started(request, scheme, httpVersion, method, url, headers, socket);
    const handshake = { request, kind, startedAt: performance.now(), span };
    const onClose = () => answered(undefined, 'aborted');
    const answered = (status: number | undefined, aborted?: 'aborted') => {
      socket.removeListener('close', onClose);
      for (const method of ['_write', '_writev']) restoreMethod(socket, method);
      this.#ended(handshake, status, aborted);
    };
    const watching = (original: Method) =>
      function (this: Duplex, data: unknown) {
        const status = statusOf(data);
        // Others, such as 103, only precede it.
        if (status === 101 || status === undefined || status >= 200) answered(status);
        return original.apply(this, arguments as never);
      };
    socket.prependOnceListener('close', onClose);
    for (const method of ['_write', '_writev']) overrideMethod(socket, method, watching);
  }

  #ended(
    { request, kind, startedAt, span }: Handshake,
    status: number | undefined,
    aborted: 'aborted' | undefined,
  ): void {
    kind.active.add(-1);
    try {
      const route = routeOf(request);
      // Ended here: the span of a handshake is no exemplar.
      if (span) endServerSpan(span, kind.method, route, status, aborted);
      this.#metrics.ended(kind, route, status, aborted, startedAt);
    } catch (error) {
      this.#failed(error);
    }
  }
}

/**
 * The status of a response that is written.
 *
 * @param data what `_write` takes, or the list that `_writev` takes
 */
function statusOf(data: unknown): number | undefined {
  if (Array.isArray(data)) return statusOf(data[0]?.chunk);
  const head = Buffer.isBuffer(data) ? data.toString('latin1', 0, STATUS_LINE_LENGTH) : String(data);
  const status = STATUS_LINE.exec(head)?.[1];
  return status === undefined ? undefined : Number(status);
}
