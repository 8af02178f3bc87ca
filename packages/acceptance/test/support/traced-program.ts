import { randomBytes } from 'node:crypto';
import { type Collector, startCollector } from './collector.ts';
import type { ReceivedSpan } from './otlp-messages.ts';
import { type Program, startProgram } from './program.ts';
import { until } from './until.ts';

/** The span of the client that every request of these tests names as its parent. */
export const CALLER = 'c'.repeat(16);

/** The spans of one step, but for the one of its request. */
export interface Trace {
  readonly id: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a step by asserting it
  readonly result: any;
  readonly request: ReceivedSpan;
  readonly spans: readonly ReceivedSpan[];
  /** The names, sorted, each below its parent and two blanks further in; errors with their type. */
  readonly outline: readonly string[];
  /** The one span of that name. @throws Error when there is none or several */
  span(name: string): ReceivedSpan;
}

/** A program that sends its spans to a collector. */
export interface TracedProgram {
  readonly program: Program;
  readonly collector: Collector;
  /**
   * Takes a step in a trace of its own, and waits until its spans are there.
   *
   * @param isWhole tells that no more spans are to come, where some end after the request
   */
  trace(step: string, isWhole?: (spans: readonly ReceivedSpan[]) => boolean): Promise<Trace>;
  /** Takes a step as part of a trace that its caller does not sample. @returns the id of the trace and the step's result */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  takeUnsampled(step: string): Promise<{ id: string; result: any }>;
  spansOf(traceId: string): ReceivedSpan[];
  stop(): Promise<void>;
}

/** Starts a program of steps with spans, under the agent unless `nodeArguments` say otherwise. */
export async function startTraced(
  name: string,
  { env, ...options }: { env: Record<string, string>; args?: string[]; node?: string; nodeArguments?: string[] },
): Promise<TracedProgram> {
  const collector = await startCollector();
  const program = await startProgram(name, {
    ...options,
    env: {
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_BSP_SCHEDULE_DELAY: '20',
      ...env,
    },
  }).catch(async (error) => {
    await collector.stop();
    throw error;
  });
  const spansOf = (traceId: string) => collector.spans.filter((span) => span.traceId === traceId);
  const take = async (step: string, flags: '00' | '01') => {
    const id = randomBytes(16).toString('hex');
    return { id, result: await program.step(step, { headers: { traceparent: `00-${id}-${CALLER}-${flags}` } }) };
  };
  return {
    program,
    collector,
    spansOf,
    async trace(step, isWhole = () => true) {
      const { id, result } = await take(step, '01');
      await until(`the spans of ${step}`, async () => {
        const spans = spansOf(id);
        // The request's own is the last one of what is within it.
        return spans.some(({ parentSpanId }) => parentSpanId === CALLER) && isWhole(spans);
      });
      return traceOf(id, result, spansOf(id));
    },
    takeUnsampled: (step) => take(step, '00'),
    async stop() {
      await program.stop();
      await collector.stop();
    },
  };
}

function traceOf(id: string, result: unknown, all: readonly ReceivedSpan[]): Trace {
  const request = all.find(({ parentSpanId }) => parentSpanId === CALLER) as ReceivedSpan;
  const spans = all.filter((span) => span !== request);
  return {
    id,
    result,
    request,
    spans,
    outline: outline(spans, request.spanId),
    span(name) {
      const [span, ...more] = spans.filter((each) => each.name === name);
      if (!span || more.length > 0)
        throw new Error(`${more.length + (span ? 1 : 0)} spans ${name} in ${JSON.stringify(spans)}`);
      return span;
    },
  };
}

/** The names of the spans below one, as {@link Trace.outline} has them. */
export function outline(spans: readonly ReceivedSpan[], parent: string): string[] {
  return spans
    .filter(({ parentSpanId }) => parentSpanId === parent)
    .map(({ name, spanId, status, attributes }): string[] => {
      const error = status.code === 2 ? ` ! ${attributes['error.type']}` : '';
      return [`${name}${error}`, ...outline(spans, spanId).map((line) => `  ${line}`)];
    })
    .sort(([one = ''], [other = '']) => (one < other ? -1 : 1))
    .flat();
}
