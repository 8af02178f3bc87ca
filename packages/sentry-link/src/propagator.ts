import {
  type Baggage,
  type Context,
  isSpanContextValid,
  propagation,
  type SpanContext,
  type TextMapGetter,
  type TextMapPropagator,
  type TextMapSetter,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed, W3CBaggagePropagator } from '@opentelemetry/core';
import { RandomIdGenerator } from '@opentelemetry/sdk-trace';
import { isDeferred, withDeferred } from './deferred.ts';

const SENTRY_TRACE = 'sentry-trace';
/** Prefix of what Sentry keeps in baggage. */
const SENTRY = 'sentry-';

export interface PropagatorOptions {
  /** Of all other propagators that are used, but for the one of baggage. */
  readonly others: TextMapPropagator;
  /**
   * Whether spans are made, and so it is decided here whether a trace is sampled. Where they are not, traces begin all the
   * same, for errors to be part of, and the decision is left to others.
   */
  readonly decides: boolean;
  /** What is told of a trace that begins here, by Sentry's names, such as `public_key`. */
  readonly traceInfo: Readonly<Record<string, string>>;
}

/**
 * Carries traces in `sentry-trace` and `baggage`, beside what the other propagators do. `SentryPropagator` of
 * `@sentry/opentelemetry` takes the trace from Sentry's own spans and has nothing to say where OpenTelemetry makes them.
 *
 * Whatever came in, one trace goes out: the first header wins, and Sentry's part of the baggage is replaced when it is of
 * another trace.
 */
export class SentryPropagator implements TextMapPropagator {
  readonly #options: PropagatorOptions;
  readonly #traceInfo: [string, string][];
  readonly #baggage = new W3CBaggagePropagator();

  constructor(options: PropagatorOptions) {
    this.#options = options;
    this.#traceInfo = Object.entries(options.traceInfo);
  }

  extract(context: Context, carrier: unknown, getter: TextMapGetter): Context {
    const extracted = this.#baggage.extract(this.#options.others.extract(context, carrier, getter), carrier, getter);
    if (trace.getSpanContext(extracted)) return extracted;
    const header = getter.get(carrier, SENTRY_TRACE);
    const caller = parse(Array.isArray(header) ? header[0] : header);
    if (caller) {
      const continued = trace.setSpanContext(extracted, caller.span);
      return caller.isDecided ? continued : withDeferred(continued);
    }
    return this.#options.decides ? extracted : withDeferred(trace.setSpanContext(extracted, begun()));
  }

  inject(context: Context, carrier: unknown, setter: TextMapSetter): void {
    const { others, decides } = this.#options;
    const isDecided = decides || !isDeferred(context);
    // Their headers have no way to say that it is not.
    if (isDecided) others.inject(context, carrier, setter);
    const span = trace.getSpanContext(context);
    if (isTracingSuppressed(context) || !span || !isSpanContextValid(span)) {
      this.#baggage.inject(context, carrier, setter);
      return;
    }
    const isSampled = (span.traceFlags & TraceFlags.SAMPLED) !== 0;
    const decision = isDecided ? `-${isSampled ? 1 : 0}` : '';
    setter.set(carrier, SENTRY_TRACE, `${span.traceId}-${span.spanId}${decision}`);
    const baggage = this.#baggageOf(propagation.getBaggage(context), span, isDecided ? isSampled : undefined);
    this.#baggage.inject(propagation.setBaggage(context, baggage), carrier, setter);
  }

  fields(): string[] {
    return [...this.#options.others.fields(), SENTRY_TRACE, ...this.#baggage.fields()];
  }

  /** What the beginning of a trace has said stays as it is (Sentry's "dynamic sampling context"). */
  #baggageOf(baggage: Baggage | undefined, { traceId }: SpanContext, isSampled: boolean | undefined): Baggage {
    let result = baggage ?? propagation.createBaggage();
    if (result.getEntry(`${SENTRY}trace_id`)?.value === traceId) return result;
    result = result.removeEntries(...result.getAllEntries().flatMap(([key]) => (key.startsWith(SENTRY) ? [key] : [])));
    if (this.#traceInfo.length === 0) return result;
    const info = [...this.#traceInfo, ['trace_id', traceId] as const];
    if (isSampled !== undefined) info.push(['sampled', String(isSampled)]);
    for (const [key, value] of info) result = result.setEntry(`${SENTRY}${key}`, { value });
    return result;
  }
}

/** `sentry-trace`: ids of the trace and of the span and, unless it is left to others, whether the trace is sampled. */
function parse(header: string | undefined): { span: SpanContext; isDecided: boolean } | undefined {
  const [, traceId, spanId, sampled] = /^\s*([0-9a-f]{32})-([0-9a-f]{16})(?:-([01]))?\s*$/.exec(header ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  const span = {
    traceId,
    spanId,
    isRemote: true,
    traceFlags: sampled === '1' ? TraceFlags.SAMPLED : TraceFlags.NONE,
  };
  return isSpanContextValid(span) ? { span, isDecided: sampled !== undefined } : undefined;
}

const ids = new RandomIdGenerator();

function begun(): SpanContext {
  return { traceId: ids.generateTraceId(), spanId: ids.generateSpanId(), traceFlags: TraceFlags.NONE };
}
