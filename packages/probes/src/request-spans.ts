import type { IncomingMessage } from 'node:http';
import type { SpanContext } from '@opentelemetry/api';

const servedIn = Symbol('otel-register.served-in');

type ServedRequest = IncomingMessage & { [servedIn]?: SpanContext };

/** False for as long as nobody traces: nothing is looked for on requests then. */
let isTraced = false;

/**
 * Remembers a request that a server has received with the span that it is served in, to be told by who makes that span: there
 * is none yet when Node announces the request, and when it has ended any other span may be the active one.
 */
export function servedWithin(request: IncomingMessage, span: SpanContext | undefined): void {
  if (span === undefined) return;
  isTraced = true;
  (request as ServedRequest)[servedIn] = span;
}

export function spanOfRequest(request: IncomingMessage): SpanContext | undefined {
  return isTraced ? (request as ServedRequest)[servedIn] : undefined;
}
