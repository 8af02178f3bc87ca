import { type Context, type SpanContext, TraceFlags, trace } from '@opentelemetry/api';
import { type IdGenerator, RandomIdGenerator } from '@opentelemetry/sdk-trace';
import { LeftOutSpan } from '@otel-register/cells';
import { isDeferred } from '@otel-register/sentry-link/propagation';
import { samplerOf } from './sampler.ts';
import type { Config } from './settings.ts';

const NUMBERS = 2 ** 32;
const random = new RandomIdGenerator();

/**
 * Decides against traces before a span, a trace id or attributes are made of them, as the sampler would that
 * {@link samplerOf} names. The sampler with a ratio takes the traces in whose id the four parts of 32 bits, combined by XOR, are
 * below a bound. Here such a number is drawn, and an id is made to fit it: for a trace that is taken by {@link ids}, for one that
 * is not by its span, and only when somebody asks.
 */
export class EarlySampling {
  readonly #isParentBased: boolean;
  /** Traces that begin here are taken for numbers below it. */
  readonly #bound: number;
  /** What the next trace id is to fit. */
  #drawn: number | undefined;

  constructor(config: Config) {
    const { name, ratio } = samplerOf(config);
    const share = name.endsWith('always_on') ? 1 : name.endsWith('always_off') ? 0 : ratio;
    this.#isParentBased = name.startsWith('parentbased_');
    this.#bound = share >= 1 ? NUMBERS : Math.floor(share * (NUMBERS - 1));
  }

  /** For the SDK. */
  readonly ids: IdGenerator = {
    generateSpanId: () => random.generateSpanId(),
    generateTraceId: () => {
      const drawn = this.#drawn;
      this.#drawn = undefined;
      return drawn === undefined ? random.generateTraceId() : traceIdOf(drawn);
    },
  };

  /**
   * The span of a request that is left out.
   *
   * @param parent what came with the request
   * @returns undefined where the tracer is to be asked, at once
   */
  leftOut(parent: Context): LeftOutSpan | undefined {
    const caller = trace.getSpanContext(parent);
    if (caller === undefined) {
      if (this.#bound === NUMBERS) return undefined;
      const drawn = draw();
      if (drawn >= this.#bound) return new LeftOutSpan(undefined, drawn, contextOf);
      this.#drawn = drawn;
      return undefined;
    }
    const isDecided = this.#isParentBased && (caller.traceFlags & TraceFlags.SAMPLED) === 0 && !isDeferred(parent);
    return isDecided ? new LeftOutSpan(caller, 0, contextOf) : undefined;
  }
}

function draw(): number {
  return Math.floor(Math.random() * NUMBERS);
}

/** As random as others: any three parts go with exactly one fourth. */
function traceIdOf(drawn: number): string {
  const [first, second, third] = [draw(), draw(), draw()] as const;
  const parts = [first, second, third, (first ^ second ^ third ^ drawn) >>> 0];
  const id = parts.map((part) => part.toString(16).padStart(8, '0')).join('');
  return /^0+$/.test(id) ? traceIdOf(drawn) : id;
}

function contextOf(caller: SpanContext | undefined, drawn: number): SpanContext {
  const ids = { spanId: random.generateSpanId(), traceFlags: TraceFlags.NONE };
  if (caller === undefined) return { traceId: traceIdOf(drawn), ...ids };
  return { traceId: caller.traceId, ...ids, ...(caller.traceState && { traceState: caller.traceState }) };
}
