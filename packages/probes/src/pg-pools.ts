import { context } from '@opentelemetry/api';
import type { CellRegistry } from '@otel-register/cells';
import { callBackIn } from './caller-context.ts';
import { errorType } from './error-type.ts';
import type { Method } from './patch.ts';
import { isPlainQuery, targetOf } from './pg-client.ts';
import {
  type Asked,
  asked,
  createdFrom,
  gaveUp,
  hasListeners,
  nameOf,
  type PgPool,
  type PooledClient,
  type PoolRequest,
  pooled,
  stateOf,
  takenAt,
} from './pg-pool.ts';
import { endPgSpan, type PgSpans } from './pg-spans.ts';
import { PoolMetrics } from './pool-metrics.ts';

/**
 * Measures the pools of pg-pool, on what a pool keeps of a request and on its own methods: callbacks and promises of the
 * service are not touched.
 *
 * What each request for a connection comes through is one function: V8 compiles all that is called as often at once, and the process keeps
 * the memory which that takes.
 */
export class PgPools {
  readonly #metrics: PoolMetrics<PgPool>;
  readonly #failed: (error: unknown) => void;
  readonly #spans: PgSpans | undefined;
  /** While a pool is asked for such a query. */
  #isForPromise = false;
  /** Prototypes of requests, of every copy of pg-pool that was met. */
  readonly #requests = new Set<object>();

  /** @param spans undefined where none are made */
  constructor(cells: CellRegistry, failed: (error: unknown) => void, spans: PgSpans | undefined) {
    this.#metrics = new PoolMetrics(cells, stateOf);
    this.#failed = failed;
    this.#spans = spans;
  }

  /** Wraps `Pool.prototype.query` where there are spans. */
  querying(original: Method): Method {
    if (!this.#spans) return original;
    const pools = this;
    return function query(this: PgPool, text: unknown, values: unknown, callback: unknown) {
      pools.#isForPromise = isPlainQuery(text) && typeof values !== 'function' && !callback && this.Promise === Promise;
      try {
        return original.apply(this, arguments as never);
      } finally {
        pools.#isForPromise = false;
      }
    };
  }

  /** Wraps `Pool.prototype.connect`. */
  connecting(original: Method): Method {
    const pools = this;
    return function connect(this: PgPool) {
      const result = original.apply(this, arguments as never);
      try {
        // Every request that does not get a new connection at once has been the last of the queue for a moment.
        const request = this._pendingQueue.at(-1);
        if (request && !request[asked]) {
          pools.#remember(this, request);
          if (this.options.connectionTimeoutMillis) pools.#watchTimeouts(Object.getPrototypeOf(request));
        }
      } catch (error) {
        pools.#failed(error);
      }
      return result;
    };
  }

  /** Wraps `Pool.prototype.newClient`. */
  creating(original: Method): Method {
    const spans = this.#spans;
    const pools = this;
    return function newClient(this: PgPool, request: PoolRequest) {
      const start = performance.now();
      try {
        // It may have been seen in the queue before.
        if (!request[asked]) pools.#remember(this, request);
      } catch (error) {
        pools.#failed(error);
      }
      const make = () => original.apply(this, arguments as never);
      const result = spans ? spans.pooled(request[asked]?.waiting, request[asked]?.in, make) : make();
      pools.#created(this, request, start);
      return result;
    };
  }

  /** Wraps `Pool.prototype._acquireClient`. */
  acquiring(original: Method): Method {
    const spans = this.#spans;
    const pools = this;
    return function _acquireClient(
      this: PgPool,
      client: PooledClient,
      request: PoolRequest,
      _: unknown,
      isNew: boolean,
    ) {
      const of = request[asked];
      try {
        if (of?.waiting && !request.timedOut) pools.#waited(of, client);
        const cells = this[pooled];
        if (cells) {
          const now = performance.now();
          if (isNew) cells.createTime.record((now - (client[createdFrom] ?? Number.NaN)) / 1000);
          // Nobody has asked when the pool takes a client to end it, nor waits any more after a timeout.
          const since = request.timedOut ? undefined : of?.at;
          client[takenAt] = since === undefined ? Number.NaN : now;
          if (since !== undefined) cells.waitTime.record((now - since) / 1000);
        }
      } catch (error) {
        pools.#failed(error);
      }
      if (!spans || !of?.isForPromise || isNew || hasListeners(this))
        return of?.in ? callBackIn(of.in, original, this, arguments) : original.apply(this, arguments as never);
      spans.promisedIn = of.in;
      try {
        return original.apply(this, arguments as never);
      } finally {
        spans.promisedIn = undefined;
      }
    };
  }

  /** Wraps `Pool.prototype._release`. */
  releasing(original: Method): Method {
    const pools = this;
    return function _release(this: PgPool, client: PooledClient) {
      try {
        this[pooled]?.useTime.record((performance.now() - (client[takenAt] ?? Number.NaN)) / 1000);
      } catch (error) {
        pools.#failed(error);
      }
      return original.apply(this, arguments as never);
    };
  }

  /** Puts back what is not among the wrapped methods. */
  restore(): void {
    for (const prototype of this.#requests) Reflect.deleteProperty(prototype, 'timedOut');
    this.#requests.clear();
  }

  #remember(pool: PgPool, request: PoolRequest): void {
    const active = this.#spans && context.active();
    const waiting = active && this.#spans?.wait(active);
    request[asked] = { at: performance.now(), of: pool, in: active, isForPromise: this.#isForPromise, waiting };
  }

  /** @param client whom the request waited for, where there is one */
  #waited(of: Asked | undefined, client: PooledClient | undefined, error?: string): void {
    if (!of?.waiting) return;
    endPgSpan(of.waiting, error, client && targetOf(client));
    of.waiting = undefined;
  }

  /** A client is being made for a request, which has come just now or has waited. */
  #created(pool: PgPool, request: PoolRequest, start: number): void {
    try {
      const client = pool._clients.at(-1);
      if (client === undefined) return;
      client[createdFrom] = start;
      // It is the client that knows where the pool connects to.
      pool[pooled] ??= this.#metrics.watch(pool, nameOf(client));
      const { callback } = request;
      const failed = (error: unknown) => this.#creationFailed(pool, client, request, error);
      request.callback = function (error) {
        if (error) failed(error);
        return callBackIn(request[asked]?.in, callback, this, arguments);
      };
    } catch (error) {
      this.#failed(error);
    }
  }

  #creationFailed(pool: PgPool, client: PooledClient, request: PoolRequest, error: unknown): void {
    try {
      const type = errorType(error);
      if (type === 'timeout') pool[pooled]?.timeouts.add(1);
      this.#waited(request[asked], client, type);
    } catch (failure) {
      this.#failed(failure);
    }
  }

  #timedOut(request: PoolRequest): void {
    try {
      const pool = request[asked]?.of;
      pool?.[pooled]?.timeouts.add(1);
      this.#waited(request[asked], pool?._clients[0], 'timeout');
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
