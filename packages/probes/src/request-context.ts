import type { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, context } from '@opentelemetry/api';
import { overrideMethod, restoreMethod } from './patch.ts';

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
  emitIn(IncomingMessage.prototype, requestContext);
  emitIn(ServerResponse.prototype, ({ req }: ServerResponse) => requestContext(req));
}

export function stopFollowingRequests(): void {
  restoreMethod(IncomingMessage.prototype, 'emit');
  restoreMethod(ServerResponse.prototype, 'emit');
}

/**
 * Gives the emitters of a class a method `emit` whose listeners are called in the context that `contextOf` tells of the emitter,
 * if any; {@link restoreMethod} undoes it. The inherited method is looked up at each call: others replace it, as `domain` does.
 */
export function emitIn(prototype: object, contextOf: (emitter: never) => Context | undefined): void {
  const above = Object.getPrototypeOf(prototype) as EventEmitter;
  overrideMethod(
    prototype,
    'emit',
    () =>
      function emit(this: never) {
        const served = contextOf(this);
        if (served === undefined || served === context.active()) return above.emit.apply(this, arguments as never);
        return context.with(served, () => above.emit.apply(this, arguments as never));
      },
  );
}
