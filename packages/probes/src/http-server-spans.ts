import type { IncomingHttpHeaders } from 'node:http';
import {
  type Attributes,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { originalClient, originalRequest } from './forwarded.ts';
import { defaultPort, methodInSpanName, methodName, type Peer } from './http-conventions.ts';
import { LIGHT_ROOT } from './light-context.ts';
import { setRequestContext, withRequest } from './request-context.ts';
import { withoutSecrets } from './url-secrets.ts';

const SERVER = { kind: SpanKind.SERVER };

/**
 * The spans of the requests that servers receive (semantic conventions, "HTTP server span"). Each is a child of what the
 * request's headers name.
 */
export class HttpServerSpans {
  readonly #tracer: () => Tracer;
  readonly #tellsRequests: boolean;

  /**
   * @param tracer asked at each request: there is none before the SDK has started
   * @param tellsRequests whether what a request is served in tells of it
   */
  constructor(tracer: () => Tracer, tellsRequests: boolean) {
    this.#tracer = tracer;
    this.#tellsRequests = tellsRequests;
  }

  /**
   * Begins the span of a request: one that records nothing and only carries the decision on, unless the sampler wants it.
   * The sampler decides before anything else is asked of the request.
   *
   * @param emitter the request or the stream: its listeners are called within the span, and so is who handles it
   * @param target what the request asks for, with its query
   * @param peer who is at the other end of the connection
   */
  started(
    emitter: object,
    scheme: 'http' | 'https',
    version: string,
    method: string | undefined,
    target: string,
    headers: IncomingHttpHeaders,
    peer: Peer | undefined,
  ): Span {
    const parent = propagation.extract(LIGHT_ROOT, headers);
    const name = methodName(method);
    const span = this.#tracer().startSpan(methodInSpanName(name), SERVER, parent);
    const served = trace.setSpan(parent, span);
    setRequestContext(emitter, this.#tellsRequests ? withRequest(served, emitter) : served);
    if (span.isRecording()) {
      span.setAttributes({
        'http.request.method': name,
        'http.request.method_original': method === name ? undefined : method,
        'url.scheme': scheme,
        'network.protocol.version': version,
        'network.peer.address': peer?.remoteAddress,
        'network.peer.port': peer?.remotePort,
        'client.address': originalClient(headers) ?? peer?.remoteAddress,
        'user_agent.original': headers['user-agent'],
        ...targetAttributes(target),
        ...serverAttributes(headers, scheme),
      });
    }
    return span;
  }
}

/**
 * Ends the span of a request.
 *
 * @param method as it is in metrics
 * @param route its pattern
 * @param status undefined when it was given up before there was one
 */
export function endServerSpan(
  span: Span,
  method: string,
  route: string | undefined,
  status: number | undefined,
  aborted: 'aborted' | undefined,
): void {
  if (!span.isRecording()) return;
  const error = aborted ?? (status !== undefined && status >= 500 ? String(status) : undefined);
  if (route !== undefined) span.updateName(`${methodInSpanName(method)} ${route}`).setAttribute('http.route', route);
  if (status !== undefined) span.setAttribute('http.response.status_code', status);
  if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

/** @param target what the request asks for: a path with a query, a whole URL, `*`, or the authority of CONNECT */
function targetAttributes(target: string): Attributes {
  const start = target.startsWith('/') ? 0 : Math.max(target.indexOf('/', target.indexOf('://') + 3), 0);
  const end = target.indexOf('?', start);
  if (end === -1) return { 'url.path': target.slice(start) };
  return { 'url.path': target.slice(start, end), 'url.query': withoutSecrets(target.slice(end + 1)) };
}

/** Where the client sent the request: what a proxy tells comes before what the request names itself. */
function serverAttributes(headers: IncomingHttpHeaders, scheme: string): Attributes {
  const original = originalRequest(headers);
  const host = original.host ?? headers.host ?? (headers[':authority'] as string | undefined);
  if (!host) return {};
  const [, address = host, port] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(host) ?? [];
  const proto = original.host === undefined ? scheme : original.proto;
  return { 'server.address': address, 'server.port': port === undefined ? defaultPort(proto) : Number(port) };
}
