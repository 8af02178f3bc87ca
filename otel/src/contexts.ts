import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import type { Context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

export interface Contexts {
  readonly manager: AsyncLocalStorageContextManager;
  /** Makes a context the active one until what Node has called returns; undefined where it would stay longer. */
  readonly enter: ((context: Context) => void) | undefined;
}

/**
 * Makes what keeps the active context. To enter one with a function and to leave it after costs two copies of all that is stored
 * for asynchronous work; where Node itself puts that back after each call of its own, it costs one.
 */
export function createContexts(): Contexts {
  const manager = new AsyncLocalStorageContextManager();
  return { manager, enter: isPutBack() ? (context) => void manager.attach(context) : undefined };
}

/** Since Node 24 by default: what is entered within a callback ends with it. Before, it stays with what has called back. */
function isPutBack(): boolean {
  const storage = new AsyncLocalStorage<true>();
  const resource = new AsyncResource('otel-register');
  resource.runInAsyncScope(() => storage.enterWith(true));
  const isLeft = resource.runInAsyncScope(() => storage.getStore()) === undefined;
  storage.disable();
  return isLeft;
}
