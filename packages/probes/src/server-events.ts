import type { EventEmitter } from 'node:events';
import type { Context } from '@opentelemetry/api';
import { overrideMethod, restoreMethod } from './patch.ts';
import { callIn } from './request-context.ts';

/** @returns the context that the listeners are to be called in, where it is another one than that of the call */
type Listener = (event: unknown, first: unknown, second: unknown) => Context | undefined;

/**
 * What some servers emit, told before their listeners are. A listener of our own would not do: a server treats upgrades in
 * another way as soon as there is one, and the service can see it.
 */
export class ServerEvents {
  readonly #servers = new Set<EventEmitter>();
  readonly #emitting: Listener;

  /** @param emitting must not throw */
  constructor(emitting: Listener) {
    this.#emitting = emitting;
  }

  /** Begins to watch a server, once and until it is closed. */
  watch(server: EventEmitter): void {
    if (this.#servers.has(server)) return;
    this.#servers.add(server);
    const emitting = this.#emitting;
    overrideMethod(
      server,
      'emit',
      (original) =>
        function emit(this: EventEmitter, event: unknown, first: unknown, second: unknown) {
          const within = emitting(event, first, second);
          if (within === undefined) return original.apply(this, arguments as never);
          return callIn(within, original, this, arguments);
        },
    );
  }

  forget(server: EventEmitter): void {
    if (this.#servers.delete(server)) restoreMethod(server, 'emit');
  }

  forgetAll(): void {
    for (const server of this.#servers) this.forget(server);
  }
}
