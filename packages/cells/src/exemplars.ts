import { isSpanContextValid, type Span, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { LeftOutSpan } from './left-out-span.ts';

/** One observation and the span that it was made in (data model, "Exemplars"). */
export interface Exemplar {
  readonly value: number;
  /** When it was recorded, in milliseconds since the Unix epoch. */
  readonly time: number;
  readonly traceId: string;
  readonly spanId: string;
}

/** OTEL_METRICS_EXEMPLAR_FILTER: sampled spans only, every span, or none. */
export type ExemplarFilter = 'trace_based' | 'always_on' | 'always_off';

/**
 * The span to remember an observation with: the given one, or the active one, asked when what is observed begins: by its end
 * another one may be active. Undefined when there is none that the filter lets through.
 */
export type CaptureSpan = (span?: Span) => SpanContext | undefined;

/** What asks for the active span under `filter`; where no spans are made, use {@link captureNothing}, which costs nothing. */
export function captureSpan(filter: ExemplarFilter): CaptureSpan {
  if (filter === 'always_off') return captureNothing;
  const needed = filter === 'trace_based' ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return (span = trace.getActiveSpan()) => {
    if (span === undefined || (needed !== TraceFlags.NONE && span instanceof LeftOutSpan)) return undefined;
    const context = span.spanContext();
    if ((context.traceFlags & needed) !== needed) return undefined;
    // A span that records has valid ids: to look at them is not free.
    return span.isRecording() || isSpanContextValid(context) ? context : undefined;
  };
}

export const captureNothing: CaptureSpan = () => undefined;

/** The latest exemplar of each of a fixed number of slots. */
export class ExemplarSlots {
  readonly #slots: (Exemplar | undefined)[];

  constructor(slots: number) {
    this.#slots = new Array(slots).fill(undefined);
  }

  keep(slot: number, value: number, { traceId, spanId }: SpanContext): void {
    this.#slots[slot] = { value, time: Date.now(), traceId, spanId };
  }

  list(): Exemplar[] {
    return this.#slots.filter((exemplar) => exemplar !== undefined);
  }
}
