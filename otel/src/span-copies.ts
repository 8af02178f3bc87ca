import { createTraceState, type Link, type SpanContext } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { EncodedSpan } from '@otel-register/otlp';

/** What is sent of a span that is not encoded, and goes from process to process as it is. */
const FIELDS = [
  ...(['name', 'kind', 'startTime', 'endTime', 'status', 'attributes', 'events'] as const),
  ...(['droppedAttributesCount', 'droppedEventsCount', 'droppedLinksCount'] as const),
] as const;

type CopiedContext = Omit<SpanContext, 'traceState'> & { readonly state: string | undefined };

interface CopiedFields extends Pick<ReadableSpan, (typeof FIELDS)[number]> {
  readonly own: CopiedContext;
  readonly parent: CopiedContext | undefined;
  readonly linked: readonly (Omit<Link, 'context'> & { readonly to: CopiedContext })[];
}

/** A span in a form that goes from process to process. */
export interface SpanCopy extends Pick<ReadableSpan, 'instrumentationScope'> {
  readonly of: Pick<ReadableSpan['resource'], 'attributes' | 'schemaUrl'>;
  readonly what: Pick<EncodedSpan, 'bytes'> | CopiedFields;
}

export function copiesOf(spans: readonly (ReadableSpan | EncodedSpan)[]): SpanCopy[] {
  // By the resource they are sent together.
  const resources = new Map(
    spans.map(({ resource: { attributes, schemaUrl }, resource }) => [resource, { attributes, schemaUrl }]),
  );
  return spans.map((span) => ({
    instrumentationScope: span.instrumentationScope,
    of: resources.get(span.resource) as SpanCopy['of'],
    what: 'bytes' in span ? { bytes: span.bytes } : fieldsOf(span),
  }));
}

/** Spans that can be exported, and nothing else. */
export function spansOf(copies: readonly SpanCopy[]): ReadableSpan[] {
  return copies.map(({ instrumentationScope, of, what }) => {
    const span = { ...('bytes' in what ? what : spanOf(what)), instrumentationScope, resource: of };
    return span as unknown as ReadableSpan;
  });
}

function fieldsOf(span: ReadableSpan): CopiedFields {
  return {
    ...(Object.fromEntries(FIELDS.map((field) => [field, span[field]])) as Pick<ReadableSpan, (typeof FIELDS)[number]>),
    own: copyOf(span.spanContext()),
    parent: span.parentSpanContext && copyOf(span.parentSpanContext),
    linked: span.links.map(({ context, ...link }) => ({ ...link, to: copyOf(context) })),
  };
}

function spanOf({ own, parent, linked, ...fields }: CopiedFields) {
  const context = contextOf(own);
  return {
    ...fields,
    spanContext: () => context,
    parentSpanContext: parent && contextOf(parent),
    links: linked.map(({ to, ...link }) => ({ ...link, context: contextOf(to) })),
  };
}

function copyOf({ traceState, ...context }: SpanContext): CopiedContext {
  return { ...context, state: traceState?.serialize() };
}

function contextOf({ state, ...context }: CopiedContext): SpanContext {
  return state ? { ...context, traceState: createTraceState(state) } : context;
}
