import {
  type Attributes,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapSetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { methodInSpanName, methodName } from './http-conventions.ts';
import { isLeftOut } from './left-out.ts';

/** The spans of the requests that HTTP clients send (semantic conventions, "HTTP client span"). */
export class HttpClientSpans {
  readonly #tracer: () => Tracer;

  /** @param tracer asked at each request: there is none before the SDK has started */
  constructor(tracer: () => Tracer) {
    this.#tracer = tracer;
  }

  /**
   * Begins the span of a request and tells the server of it, or of the decision that there is none.
   *
   * @param carrier what `setter` sets headers of
   * @returns undefined where nothing is recorded
   */
  started<C>(method: string, carrier: C, setter: TextMapSetter<C>): Span | undefined {
    const active = context.active();
    if (isLeftOut(active)) {
      propagation.inject(active, carrier, setter);
      return undefined;
    }
    const span = this.#tracer().startSpan(methodInSpanName(methodName(method)), { kind: SpanKind.CLIENT }, active);
    propagation.inject(trace.setSpan(active, span), carrier, setter);
    return span.isRecording() ? span : undefined;
  }
}

/** What both clients tell of the method of a request. */
export function methodAttributes(asked: string): Attributes {
  const method = methodName(asked);
  return { 'http.request.method': method, 'http.request.method_original': method === asked ? undefined : asked };
}

/**
 * Ends the span of a request that is over.
 *
 * @param status undefined when none was received
 * @param type what `error.type` is to say of a request that failed; a status of 400 or more says it otherwise
 * @param error why it failed, where there is one
 */
export function endClientSpan(
  span: Span,
  status: number | undefined,
  version: string | undefined,
  type: string | undefined,
  error?: unknown,
): void {
  const failure = type ?? (status !== undefined && status >= 400 ? String(status) : undefined);
  if (status !== undefined) span.setAttribute('http.response.status_code', status);
  if (version !== undefined) span.setAttribute('network.protocol.version', version);
  if (failure !== undefined) {
    const message = error instanceof Error ? error.message : undefined;
    span.setAttribute('error.type', failure).setStatus({ code: SpanStatusCode.ERROR, ...(message && { message }) });
    if (error instanceof Error) span.recordException(error);
  }
  span.end();
}
