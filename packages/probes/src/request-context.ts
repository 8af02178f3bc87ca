import { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, context } from '@opentelemetry/api';
import { type Method, overrideMethod, restoreMethod } from './patch.ts';

const servedIn = Symbol('otel-register.served-in');

/** A request of node:http, or a stream of node:http2. */
interface Served {
  [servedIn]?: Context;
}

/** Remembers the context that a server's request is served in. */
export function setRequestContext(request: object, active: Context): void {
  (request as Served)[servedIn] = active;
}

export function requestContext(request: unknown): Context | undefined {
  return (request as Served | undefined)?.[servedIn];
}

/**
 * Runs the listeners of requests and of their responses in the context of the request: Node calls them where a socket was
 * read, written or closed, which is in no request's context.
 */
export function followRequests(): void {
  overrideMethod(IncomingMessage.prototype, 'emit', (original) => emittingIn(original, requestContext));
  overrideMethod(ServerResponse.prototype, 'emit', (original) =>
    emittingIn(original, ({ req }: ServerResponse) => requestContext(req)),
  );
}

export function stopFollowingRequests(): void {
  restoreMethod(IncomingMessage.prototype, 'emit');
  restoreMethod(ServerResponse.prototype, 'emit');
}

/** A method `emit` whose listeners are called in the context that `contextOf` tells of the emitter, if any. */
export function emittingIn(original: Method, contextOf: (emitter: never) => Context | undefined): Method {
  return function emit(this: never) {
    const served = contextOf(this);
    if (served === undefined || served === context.active()) return original.apply(this, arguments as never);
    return context.with(served, () => original.apply(this, arguments as never));
  };
}
