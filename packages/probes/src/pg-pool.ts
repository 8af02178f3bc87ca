import type { EventEmitter } from 'node:events';
import type { Context, Span } from '@opentelemetry/api';
import { type PgClient, targetOf } from './pg-client.ts';
import type { PoolCells, PoolState } from './pool-metrics.ts';

export const pooled = Symbol('otel-register.pooled');
export const asked = Symbol('otel-register.asked');
export const createdFrom = Symbol('otel-register.created-from');
export const takenAt = Symbol('otel-register.taken-at');
export const gaveUp = Symbol('otel-register.gave-up');

export interface PgPool extends EventEmitter {
  readonly options: { readonly max: number; readonly connectionTimeoutMillis?: number };
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ended: boolean;
  readonly _clients: readonly PooledClient[];
  readonly _pendingQueue: readonly PoolRequest[];
  readonly Promise: unknown;
  [pooled]?: PoolCells;
}

export interface PooledClient extends PgClient {
  [createdFrom]?: number;
  [takenAt]?: number;
}

/** What a pool keeps of one who asked for a connection. */
export interface PoolRequest {
  callback: (error: unknown) => unknown;
  readonly timedOut?: boolean;
  [asked]?: Asked;
  [gaveUp]?: boolean;
}

/** When and where somebody asked for a connection, remembered in one object: requests of several shapes make the pool slower. */
export interface Asked {
  readonly at: number;
  readonly of: PgPool;
  /** Undefined where there are no spans. */
  readonly in: Context | undefined;
  /** Whether it is for one query, whose outcome is a promise of Node's own: nothing of the service is called back. */
  readonly isForPromise: boolean;
  /** Of the wait, until it is over. */
  waiting: Span | undefined;
}

/** Undefined once the pool has ended. A connection that is not made yet is none, and somebody waits for it. */
export function stateOf(pool: PgPool): PoolState | undefined {
  if (pool.ended) return undefined;
  const connecting = pool._clients.filter(({ _connected }) => _connected === false).length;
  return {
    idle: pool.idleCount,
    used: pool._clients.length - connecting - pool.idleCount,
    max: pool.options.max,
    pending: pool.waitingCount + connecting,
  };
}

/** Told of what happens to connections: they are the service's. */
export function hasListeners(pool: PgPool): boolean {
  return pool.listenerCount('acquire') > 0 || pool.listenerCount('release') > 0;
}

export function nameOf(client: PooledClient): string {
  const { address, port, namespace } = targetOf(client);
  return `${address}:${port}/${namespace}`;
}
