import { randomUUID } from 'node:crypto';
import { attributesOf, type ExportRequest, hasRemoteParent, type OtlpSpan, SpanKind, STATUS_ERROR } from './otlp.ts';

/** What one service did in a trace, as Sentry's event of that type has it (develop.sentry.dev, "Transaction Payloads"). */
export interface Transaction {
  readonly type: 'transaction';
  readonly event_id: string;
  readonly transaction: string;
  readonly [field: string]: unknown;
}

type Attributes = Record<string, unknown>;

/** Spans that wait for the one that they are parts of; what came first goes when there are more. */
const MOST_WAITING = 10_000;

/**
 * Makes transactions of exported spans, as Sentry's cloud does on its side: a service's span that has no parent there, with
 * all that is below it. A part that comes after its whole is a transaction too, below it.
 */
export class Transactions {
  readonly #waiting = new Map<string, { readonly span: OtlpSpan; readonly resource: Attributes }>();
  readonly #sent = new Set<string>();

  /** Those that an export completes. */
  add({ resourceSpans }: ExportRequest): Transaction[] {
    for (const { resource, scopeSpans } of resourceSpans) {
      const attributes = attributesOf(resource?.attributes);
      for (const { spans } of scopeSpans) {
        for (const span of spans) this.#waiting.set(span.spanId, { span, resource: attributes });
      }
    }
    const heads = Array.from(this.#waiting.values()).filter(({ span }) => this.#isHead(span));
    const transactions = heads.map(({ span, resource }) => transactionOf(span, this.#take(span), resource));
    forgetOldest(this.#waiting, MOST_WAITING);
    forgetOldest(this.#sent, MOST_WAITING);
    return transactions;
  }

  #isHead(span: OtlpSpan): boolean {
    return !span.parentSpanId || hasRemoteParent(span) || this.#sent.has(span.parentSpanId);
  }

  /** Takes a span and all below it out of those that wait; gives those below. */
  #take(head: OtlpSpan): OtlpSpan[] {
    this.#waiting.delete(head.spanId);
    this.#sent.add(head.spanId);
    const children = Array.from(this.#waiting.values(), ({ span }) => span).filter(
      (span) => span.parentSpanId === head.spanId && !hasRemoteParent(span),
    );
    return children.flatMap((child) => [child, ...this.#take(child)]);
  }
}

function transactionOf(head: OtlpSpan, below: readonly OtlpSpan[], resource: Attributes): Transaction {
  const { description, ...trace } = sentrySpan(head);
  return {
    type: 'transaction',
    event_id: randomUUID().replaceAll('-', ''),
    transaction: description,
    transaction_info: { source: 'route' },
    platform: 'node',
    server_name: resource['service.name'],
    release: resource['service.version'],
    environment: resource['deployment.environment.name'],
    tags: { service: resource['service.name'] },
    start_timestamp: trace.start_timestamp,
    timestamp: trace.timestamp,
    contexts: { trace, otel: { resource } },
    spans: below.map(sentrySpan),
  };
}

function sentrySpan(span: OtlpSpan) {
  const data = attributesOf(span.attributes);
  return {
    trace_id: span.traceId,
    span_id: span.spanId,
    ...(span.parentSpanId && { parent_span_id: span.parentSpanId }),
    op: operationOf(span.kind, data),
    description: span.name,
    start_timestamp: Number(span.startTimeUnixNano) / 1e9,
    timestamp: Number(span.endTimeUnixNano) / 1e9,
    status: span.status?.code === STATUS_ERROR ? 'internal_error' : 'ok',
    data,
  };
}

/** develop.sentry.dev, "Span Operations". */
function operationOf(kind: number, attributes: Attributes): string {
  if (attributes['db.system.name'] !== undefined) return 'db';
  if (attributes['http.request.method'] !== undefined) return kind === SpanKind.server ? 'http.server' : 'http.client';
  if (kind === SpanKind.producer) return 'queue.publish';
  if (kind === SpanKind.consumer) return 'queue.process';
  return 'default';
}

function forgetOldest(entries: Map<string, unknown> | Set<string>, most: number): void {
  for (const id of entries.keys()) {
    if (entries.size <= most) return;
    entries.delete(id);
  }
}
