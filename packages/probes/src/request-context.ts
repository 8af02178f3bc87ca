import type { EventEmitter } from 'node:events';
import { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, context, createContextKey } from '@opentelemetry/api';
import { type Method, overrideMethod, restoreMethod } from './patch.ts';

const servedIn = Symbol('otel-register.served-in');
const served = createContextKey('otel-register.served');

/** A request of node:http, or a stream of node:http2. */
interface Served {
  [servedIn]?: Context;
}

/** Remembers the context that a server's request is served in. */
export function setRequestContext(request: object, active: Context): void {
  (request as Served)[servedIn] = active;
}

/** A context that tells which request is served in it. */
export function withRequest(context: Context, request: object): Context {
  return context.setValue(served, request);
}

/** The request of node:http that is served in a context; undefined in any other, and where nobody asked for it. */
export function requestIn(context: Context): IncomingMessage | undefined {
  const request = context.getValue(served);
  return request instanceof IncomingMessage ? request : undefined;
}

export function requestContext(request: unknown): Context | undefined {
  return (request as Served | undefined)?.[servedIn];
}

/**
 * Runs the listeners of requests and of their responses in the context of the request: Node calls them where a socket was
 * read, written or closed, which is in no request's context.
 */
export function followRequests(): void {
  emitIn(IncomingMessage.prototype, requestContext, isRequestHeard);
  emitIn(ServerResponse.prototype, ({ req }: ServerResponse) => requestContext(req), isResponseHeard);
}

export function stopFollowingRequests(): void {
  restoreMethod(IncomingMessage.prototype, 'emit');
  restoreMethod(ServerResponse.prototype, 'emit');
}

/** Node itself listens for the end of a request, once its response has ended. */
function isRequestHeard(request: IncomingMessage, event: string): boolean {
  const listeners = request.listenerCount(event);
  return (
    listeners > 1 || (listeners === 1 && !(event === 'end' && request.listeners(event)[0]?.name === 'clearIncoming'))
  );
}

/** Node itself listens for the end of each response. */
function isResponseHeard(response: ServerResponse, event: string): boolean {
  return response.listenerCount(event) > (event === 'finish' ? 1 : 0);
}

function isHeard(emitter: EventEmitter, event: string): boolean {
  return emitter.listenerCount(event) > 0;
}

/**
 * Gives the emitters of a class a method `emit` whose listeners are called in the context that `contextOf` tells of the emitter,
 * if any; {@link restoreMethod} undoes it. The inherited method is looked up at each call: others replace it, as `domain` does.
 *
 * @param hasListeners whether anybody listens who needs the context
 */
export function emitIn<E extends EventEmitter>(
  prototype: E,
  contextOf: (emitter: E) => Context | undefined,
  hasListeners: (emitter: E, event: string) => boolean = isHeard,
): void {
  const above = Object.getPrototypeOf(prototype) as EventEmitter;
  overrideMethod(prototype, 'emit', () => {
    // Apart: what a function hands on of its arguments is made at each of its calls.
    function emitServed(this: E): unknown {
      return callIn(contextOf(this) as Context, above.emit, this, arguments);
    }
    return function emit(this: E, event: string) {
      // Nobody listens to most of what Node emits of a request, and to change the context is not free.
      const served = hasListeners(this, event) ? contextOf(this) : undefined;
      const isElsewhere = served !== undefined && served !== context.active();
      const call: Method = isElsewhere ? emitServed : above.emit;
      return call.apply(this, arguments as never);
    };
  });
}

let thrownIn: Context | undefined;

function forgetThrown(): void {
  thrownIn = undefined;
}

/**
 * Calls a method within a context. What is thrown is not caught: Node shows where an uncaught exception was thrown, and would show the
 * place where it was thrown again.
 */
export function callIn(within: Context, method: Method, self: unknown, args: IArguments): unknown {
  let hasReturned = false;
  try {
    // As few lines in stacks as can be.
    const isThere = within === context.active();
    const result = isThere
      ? method.apply(self, args as never)
      : context.with(within, () => method.apply(self, args as never));
    hasReturned = true;
    return result;
  } finally {
    if (!hasReturned) {
      thrownIn ??= within;
      process.nextTick(forgetThrown);
    }
  }
}

/** For a monitor of uncaught exceptions: the context that this one was thrown in, which has been left by then. */
export function contextOfException(): Context {
  return thrownIn ?? context.active();
}
