import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { LeftOutSpan } from '@otel-register/cells';
import { LightSpan, type SpanOrigin } from './light-span.ts';
import { newSpanId, Sampling, type SamplingOptions } from './sampling.ts';

export interface LightTracerOptions {
  readonly sampling: SamplingOptions;
  readonly resource: ReadableSpan['resource'];
  /** Told of each span when it ends. */
  readonly onEnd: (span: ReadableSpan) => void;
  /** Whose tracers make the spans that need more than is done here: links, or another start, from their beginning. */
  readonly others: TracerProvider;
}

/** Gives tracers whose spans cost little. */
export class LightTracerProvider implements TracerProvider {
  readonly #options: LightTracerOptions;
  readonly #sampling: Sampling;

  constructor(options: LightTracerOptions) {
    this.#options = options;
    this.#sampling = new Sampling(options.sampling);
  }

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    const { resource, onEnd, others } = this.#options;
    const instrumentationScope = { name, version, schemaUrl: options?.schemaUrl } as SpanOrigin['instrumentationScope'];
    const origin = { resource, onEnd, instrumentationScope };
    return new LightTracer(origin, this.#sampling, () => others.getTracer(name, version, options));
  }
}

class LightTracer implements Tracer {
  readonly #origin: SpanOrigin;
  readonly #sampling: Sampling;
  readonly #other: () => Tracer;

  constructor(origin: SpanOrigin, sampling: Sampling, other: () => Tracer) {
    this.#origin = origin;
    this.#sampling = sampling;
    this.#other = other;
  }

  startSpan(name: string, options: SpanOptions = {}, within: Context = context.active()): Span {
    const { kind = SpanKind.INTERNAL, attributes, links, root, startTime } = options;
    if (root || links || startTime !== undefined) return this.#other().startSpan(name, options, within);
    if (isTracingSuppressed(within)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const parent = contextOf(trace.getSpan(within));
    const traceId = this.#sampling.decide(within, parent, name, kind);
    if (typeof traceId !== 'string') return traceId;
    const traceState = parent?.traceState;
    const own = { traceId, spanId: newSpanId(), traceFlags: TraceFlags.SAMPLED, ...(traceState && { traceState }) };
    return new LightSpan(this.#origin, own, parent, name, kind, attributes);
  }

  startActiveSpan(name: string, ...rest: unknown[]): never {
    return Reflect.apply(this.#other().startActiveSpan, this.#other(), [name, ...rest]) as never;
  }
}

/** Of a span that can be a parent. Ours can; to look at the ids of others is not free. */
function contextOf(span: Span | undefined): SpanContext | undefined {
  const parent = span?.spanContext();
  if (parent === undefined || span instanceof LightSpan || span instanceof LeftOutSpan) return parent;
  return isSpanContextValid(parent) ? parent : undefined;
}
