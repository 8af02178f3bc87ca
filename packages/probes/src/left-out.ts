import { type Context, type Span, TraceFlags, trace } from '@opentelemetry/api';
import { LeftOutSpan } from '@otel-register/cells';

/**
 * Whether the sampler has decided against the span that is active, and so against those below it: then there is nothing to
 * make. Without an active span the sampler is to be asked.
 */
export function isLeftOut(active: Context): boolean {
  const span = trace.getSpan(active);
  return span instanceof LeftOutSpan || (span !== undefined && !span.isRecording() && wasDecidedAgainst(span));
}

/** Here, that is: what another process decided, or a span of none, is the sampler's to judge. */
function wasDecidedAgainst(span: Span): boolean {
  const { isRemote, traceFlags, traceId } = span.spanContext();
  return !isRemote && (traceFlags & TraceFlags.SAMPLED) === 0 && !/^0*$/.test(traceId);
}
