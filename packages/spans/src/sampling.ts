import { type Context, type SpanContext, type SpanKind, TraceFlags } from '@opentelemetry/api';
import { RandomIdGenerator, type Sampler, SamplingDecision } from '@opentelemetry/sdk-trace';
import { LeftOutSpan } from '@otel-register/cells';

const NUMBERS = 2 ** 32;
const random = new RandomIdGenerator();

export interface SamplingOptions {
  /** Which traces are sampled that begin here: from 0, none, to 1, all. */
  readonly ratio: number;
  /** Whether what the caller has decided comes first. */
  readonly isParentBased: boolean;
  /** Whether the caller has left the decision open. */
  readonly isOpen: (context: Context) => boolean;
  /** Decides so as well; it is asked where a trace has an id already that counts. */
  readonly sampler: Sampler;
}

/**
 * Decides on spans before anything is made of them, as the SDK's samplers do. The one with a ratio takes the traces in whose id
 * the four parts of 32 bits, combined by XOR, are below a bound. For a trace that begins here such a number is drawn, and an id is
 * made to fit it; where it is left out, only when somebody asks for it.
 */
export class Sampling {
  readonly #options: SamplingOptions;
  readonly #bound: number;

  constructor(options: SamplingOptions) {
    this.#options = options;
    this.#bound = options.ratio >= 1 ? NUMBERS : Math.floor(options.ratio * (NUMBERS - 1));
  }

  /**
   * @param parent valid
   * @returns the id of the trace that the span is to be in, or the one that stands for a span that is left out
   */
  decide(within: Context, parent: SpanContext | undefined, name: string, kind: SpanKind): string | LeftOutSpan {
    if (parent === undefined) return this.#begun();
    const { isParentBased, isOpen, sampler } = this.#options;
    const { traceId } = parent;
    const isSampled =
      isParentBased && !isOpen(within)
        ? (parent.traceFlags & TraceFlags.SAMPLED) !== 0
        : sampler.shouldSample(within, traceId, name, kind, {}, []).decision === SamplingDecision.RECORD_AND_SAMPLED;
    return isSampled ? traceId : new LeftOutSpan(parent, 0, contextOf);
  }

  #begun(): string | LeftOutSpan {
    if (this.#bound === NUMBERS) return random.generateTraceId();
    const drawn = draw();
    return drawn < this.#bound ? traceIdOf(drawn) : new LeftOutSpan(undefined, drawn, contextOf);
  }
}

export function newSpanId(): string {
  return random.generateSpanId();
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
  const ids = { spanId: newSpanId(), traceFlags: TraceFlags.NONE };
  if (caller === undefined) return { traceId: traceIdOf(drawn), ...ids };
  return { traceId: caller.traceId, ...ids, ...(caller.traceState && { traceState: caller.traceState }) };
}
