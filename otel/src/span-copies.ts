import { createTraceState, type Link, type SpanContext } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** What is sent of a span and goes from process to process as it is. */
const FIELDS = [
  ...(['name', 'kind', 'startTime', 'endTime', 'status', 'attributes', 'events', 'instrumentationScope'] as const),
  ...(['droppedAttributesCount', 'droppedEventsCount', 'droppedLinksCount'] as const),
] as const;

type CopiedContext = Omit<SpanContext, 'traceState'> & { readonly state: string | undefined };

/** A span in a form that goes from process to process. */
export interface SpanCopy extends Pick<ReadableSpan, (typeof FIELDS)[number]> {
  readonly own: CopiedContext;
  readonly parent: CopiedContext | undefined;
  readonly linked: readonly (Omit<Link, 'context'> & { readonly to: CopiedContext })[];
  readonly of: Pick<ReadableSpan['resource'], 'attributes' | 'schemaUrl'>;
}

export function copiesOf(spans: readonly ReadableSpan[]): SpanCopy[] {
  // By the resource they are sent together.
  const resources = new Map(
    spans.map(({ resource: { attributes, schemaUrl }, resource }) => [resource, { attributes, schemaUrl }]),
  );
  return spans.map((span) => ({
    ...(Object.fromEntries(FIELDS.map((field) => [field, span[field]])) as Pick<ReadableSpan, (typeof FIELDS)[number]>),
    own: copyOf(span.spanContext()),
    parent: span.parentSpanContext && copyOf(span.parentSpanContext),
    linked: span.links.map(({ context, ...link }) => ({ ...link, to: copyOf(context) })),
    of: resources.get(span.resource) as SpanCopy['of'],
  }));
}

/** Spans that can be exported, and nothing else. */
export function spansOf(copies: readonly SpanCopy[]): ReadableSpan[] {
  return copies.map(({ own, parent, linked, of, ...fields }) => {
    const context = contextOf(own);
    const span = {
      ...fields,
      spanContext: () => context,
      parentSpanContext: parent && contextOf(parent),
      links: linked.map(({ to, ...link }) => ({ ...link, context: contextOf(to) })),
      resource: of,
    };
    return span as unknown as ReadableSpan;
  });
}

function copyOf({ traceState, ...context }: SpanContext): CopiedContext {
  return { ...context, state: traceState?.serialize() };
}

function contextOf({ state, ...context }: CopiedContext): SpanContext {
  return state ? { ...context, traceState: createTraceState(state) } : context;
}
