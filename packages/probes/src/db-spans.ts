import { type Attributes, type Context, type Span, SpanKind, SpanStatusCode, type Tracer } from '@opentelemetry/api';

/**
 * The spans of what a database client does (semantic conventions, "Database client span"). They are leaves: none is ever
 * active, so that what follows in the service is the child of who asked.
 */
export class DatabaseSpans {
  readonly #tracer: () => Tracer;

  /** @param tracer asked at each operation: there is none before the SDK has started */
  constructor(tracer: () => Tracer) {
    this.#tracer = tracer;
  }

  /**
   * Begins a span.
   *
   * @param parent its parent is active there; ask first whether it is left out, before making a name and attributes
   * @returns undefined where nothing is recorded
   */
  started(parent: Context, name: string, attributes: Attributes): Span | undefined {
    const span = this.#tracer().startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
    return span.isRecording() ? span : undefined;
  }
}

/**
 * Ends a span. Of an error it tells the kind alone: messages of databases and drivers quote values.
 *
 * @param error what `error.type` is to say; undefined for an operation that succeeded
 * @param status what the server has said, by its code
 */
export function endDatabaseSpan(span: Span, error?: string, status?: string): void {
  if (error !== undefined) {
    span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
    if (status !== undefined) span.setAttribute('db.response.status_code', status);
  }
  span.end();
}
