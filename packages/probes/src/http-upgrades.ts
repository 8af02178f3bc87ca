import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { routeOf } from './http-route.ts';
import type { HttpServerMetrics, RequestKind } from './http-server-metrics.ts';
import { type Method, overrideMethod, restoreMethod } from './patch.ts';

const STATUS_LINE = /^HTTP\/\d\.\d (\d{3})/;
const STATUS_LINE_LENGTH = 'HTTP/1.1 101'.length;

interface Handshake {
  readonly request: IncomingMessage;
  readonly kind: RequestKind;
  readonly startedAt: number;
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
  readonly #failed: (error: unknown) => void;

  constructor(metrics: HttpServerMetrics, failed: (error: unknown) => void) {
    this.#metrics = metrics;
    this.#failed = failed;
  }

  /** A server tells its listener of an upgrade or CONNECT. */
  started(request: IncomingMessage, socket: Duplex & { readonly encrypted?: boolean }): void {
    const kind = this.#metrics.kindOf(socket.encrypted ? 'https' : 'http', request.httpVersion, request.method);
    kind.active.add(1);
    const handshake = { request, kind, startedAt: performance.now() };
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

  #ended({ request, kind, startedAt }: Handshake, status: number | undefined, aborted: 'aborted' | undefined): void {
    kind.active.add(-1);
    try {
      const seconds = (performance.now() - startedAt) / 1000;
      this.#metrics.ended(kind, routeOf(request), status, aborted, seconds, undefined, undefined);
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
