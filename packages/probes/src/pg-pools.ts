import { type Context, context, type Span } from '@opentelemetry/api';
import type { CellRegistry } from '@otel-register/cells';
import { callBackIn } from './caller-context.ts';
import { errorType } from './error-type.ts';
import type { Method } from './patch.ts';
import { type PgClient, targetOf } from './pg-client.ts';
import { endPgSpan, type PgSpans } from './pg-spans.ts';
import { type PoolCells, PoolMetrics, type PoolState } from './pool-metrics.ts';

const pooled = Symbol('otel-register.pooled');
const askedAt = Symbol('otel-register.asked-at');
const askedOf = Symbol('otel-register.asked-of');
const askedIn = Symbol('otel-register.asked-in');
const waiting = Symbol('otel-register.waiting');
const createdFrom = Symbol('otel-register.created-from');
const takenAt = Symbol('otel-register.taken-at');
const gaveUp = Symbol('otel-register.gave-up');

interface PgPool {
  readonly options: { readonly max: number; readonly connectionTimeoutMillis?: number };
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ended: boolean;
  readonly _clients: readonly PooledClient[];
  readonly _pendingQueue: readonly PoolRequest[];
  [pooled]?: PoolCells;
}

interface PooledClient extends PgClient {
  [createdFrom]?: number;
  [takenAt]?: number;
}

/** What a pool keeps of one who asked for a connection. */
interface PoolRequest {
  callback: (error: unknown) => unknown;
  readonly timedOut?: boolean;
  [askedAt]?: number;
  [askedOf]?: PgPool;
  /** Where there are spans. */
  [askedIn]?: Context;
  [waiting]?: Span | undefined;
  [gaveUp]?: boolean;
}

/**
 * Measures the pools of pg-pool, on what a pool keeps of a request and on its own methods: callbacks and promises of the
 * service are not touched.
 */
export class PgPools {
  readonly #metrics: PoolMetrics<PgPool>;
  readonly #failed: (error: unknown) => void;
  readonly #spans: PgSpans | undefined;
  /** Prototypes of requests, of every copy of pg-pool that was met. */
  readonly #requests = new Set<object>();

  /** @param spans undefined where none are made */
  constructor(cells: CellRegistry, failed: (error: unknown) => void, spans: PgSpans | undefined) {
    this.#metrics = new PoolMetrics(cells, stateOf);
    this.#failed = failed;
    this.#spans = spans;
  }

  /** Wraps `Pool.prototype.connect`. */
  connecting(original: Method): Method {
    const queued = (pool: PgPool) => this.#queued(pool);
    return function connect(this: PgPool) {
      const result = original.apply(this, arguments as never);
      queued(this);
      return result;
    };
  }

  /** Wraps `Pool.prototype.newClient`. */
  creating(original: Method): Method {
    const spans = this.#spans;
    const asked = (request: PoolRequest) => this.#asked(request);
    const created = (pool: PgPool, request: PoolRequest, start: number) => this.#created(pool, request, start);
    return function newClient(this: PgPool, request: PoolRequest) {
      const start = performance.now();
      asked(request);
      const make = () => original.apply(this, arguments as never);
      const result = spans ? spans.pooled(request[waiting], request[askedIn], make) : make();
      created(this, request, start);
      return result;
    };
  }

  /** Wraps `Pool.prototype._acquireClient`. */
  acquiring(original: Method): Method {
    const acquired = (pool: PgPool, client: PooledClient, request: PoolRequest, isNew: boolean) =>
      this.#acquired(pool, client, request, isNew);
    return function _acquireClient(
      this: PgPool,
      client: PooledClient,
      request: PoolRequest,
      _: unknown,
      isNew: boolean,
    ) {
      acquired(this, client, request, isNew);
      return callBackIn(request[askedIn], original, this, arguments);
    };
  }

  /** Wraps `Pool.prototype._release`. */
  releasing(original: Method): Method {
    const released = (pool: PgPool, client: PooledClient) => this.#released(pool, client);
    return function _release(this: PgPool, client: PooledClient) {
      released(this, client);
      return original.apply(this, arguments as never);
    };
  }

  /** Puts back what is not among the wrapped methods. */
  restore(): void {
    for (const prototype of this.#requests) Reflect.deleteProperty(prototype, 'timedOut');
    this.#requests.clear();
  }

  /** Every request that does not get a new connection at once has been the last of the queue for a moment. */
  #queued(pool: PgPool): void {
    try {
      const request = pool._pendingQueue.at(-1);
      if (request === undefined || request[askedAt] !== undefined) return;
      request[askedAt] = performance.now();
      this.#asked(request);
      if (!pool.options.connectionTimeoutMillis) return;
      request[askedOf] = pool;
      this.#watchTimeouts(Object.getPrototypeOf(request));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The request may have been seen in the queue before. */
  #asked(request: PoolRequest): void {
    try {
      if (!this.#spans || request[askedIn]) return;
      const active = context.active();
      request[askedIn] = active;
      const span = this.#spans.wait(active);
      if (span !== undefined) request[waiting] = span;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** @param client whom the request waited for, where there is one */
  #waited(request: PoolRequest, client: PooledClient | undefined, error?: string): void {
    const span = request[waiting];
    if (!span) return;
    request[waiting] = undefined;
    endPgSpan(span, error, client && targetOf(client));
  }

  /** A client is being made for a request, which has come just now or has waited. */
  #created(pool: PgPool, request: PoolRequest, start: number): void {
    try {
      const client = pool._clients.at(-1);
      if (client === undefined) return;
      client[createdFrom] = start;
      // It is the client that knows where the pool connects to.
      pool[pooled] ??= this.#metrics.watch(pool, nameOf(client));
      request[askedAt] ??= start;
      const { callback } = request;
      const failed = (error: unknown) => this.#creationFailed(pool, client, request, error);
      request.callback = function (error) {
        if (error) failed(error);
        return callBackIn(request[askedIn], callback, this, arguments);
      };
    } catch (error) {
      this.#failed(error);
    }
  }

  #creationFailed(pool: PgPool, client: PooledClient, request: PoolRequest, error: unknown): void {
    try {
      const type = errorType(error);
      if (type === 'timeout') pool[pooled]?.timeouts.add(1);
      this.#waited(request, client, type);
    } catch (failure) {
      this.#failed(failure);
    }
  }

  #acquired(pool: PgPool, client: PooledClient, request: PoolRequest, isNew: boolean): void {
    try {
      if (!request.timedOut) this.#waited(request, client);
      const cells = pool[pooled];
      if (cells === undefined) return;
      const now = performance.now();
      if (isNew) cells.createTime.record((now - (client[createdFrom] ?? Number.NaN)) / 1000);
      // Nobody has asked when the pool takes a client to end it, nor waits any more after a timeout.
      const asked = request.timedOut ? undefined : request[askedAt];
      client[takenAt] = asked === undefined ? Number.NaN : now;
      if (asked !== undefined) cells.waitTime.record((now - asked) / 1000);
    } catch (error) {
      this.#failed(error);
    }
  }

  #released(pool: PgPool, client: PooledClient): void {
    try {
      pool[pooled]?.useTime.record((performance.now() - (client[takenAt] ?? Number.NaN)) / 1000);
    } catch (error) {
      this.#failed(error);
    }
  }

  #timedOut(request: PoolRequest): void {
    try {
      const pool = request[askedOf];
      pool?.[pooled]?.timeouts.add(1);
      this.#waited(request, pool?._clients[0], 'timeout');
    } catch (error) {
      this.#failed(error);
    }
  }

  /** A pool says it nowhere that a request has timed out in the queue, but for what it sets on the request. */
  #watchTimeouts(prototype: object): void {
    const timedOut = (request: PoolRequest) => this.#timedOut(request);
    if (this.#requests.has(prototype) || prototype === Object.prototype) return;
    this.#requests.add(prototype);
    Object.defineProperty(prototype, 'timedOut', {
      configurable: true,
      get(this: PoolRequest) {
        return this[gaveUp];
      },
      set(this: PoolRequest, value: boolean) {
        this[gaveUp] = value;
        if (value) timedOut(this);
      },
    });
  }
}

/** Undefined once the pool has ended. A connection that is not made yet is none, and somebody waits for it. */
function stateOf(pool: PgPool): PoolState | undefined {
  if (pool.ended) return undefined;
  const connecting = pool._clients.filter(({ _connected }) => _connected === false).length;
  return {
    idle: pool.idleCount,
    used: pool._clients.length - connecting - pool.idleCount,
    max: pool.options.max,
    pending: pool.waitingCount + connecting,
  };
}

function nameOf(client: PooledClient): string {
  const { address, port, namespace } = targetOf(client);
  return `${address}:${port}/${namespace}`;
}
