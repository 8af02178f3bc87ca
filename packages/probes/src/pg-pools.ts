import type { CellRegistry, CounterCell, CounterMetric, HistogramCell, HistogramMetric } from '@otel-register/cells';
import { errorType } from './error-type.ts';
import type { Method } from './patch.ts';
import { type PgClient, targetOf } from './pg.ts';

/** Buckets for the time to get a connection, in seconds; the semantic conventions give none. */
const WAIT_BOUNDARIES = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

const pooled = Symbol('otel-register.pooled');

interface PgPool {
  readonly options: { readonly max: number };
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  readonly ended: boolean;
  readonly _clients?: readonly PgClient[];
  [pooled]?: PoolCells;
}

interface PoolCells {
  readonly name: string;
  readonly waitTime: HistogramCell;
  readonly timeouts: CounterCell;
}

type ConnectCallback = (error: unknown, client?: unknown, release?: unknown) => void;

/**
 * Measures the pools of pg-pool (semantic conventions, "Database connection pools"): used, idle, most and pending read from
 * the pool itself at each collection, the time to get a connection and timeouts when they happen.
 */
export class PgPools {
  /** Held weakly: a pool that nobody ends is still free to go. */
  readonly #pools = new Set<WeakRef<PgPool>>();
  readonly #failed: (error: unknown) => void;
  readonly #waitTime: HistogramMetric;
  readonly #timeouts: CounterMetric;

  constructor(cells: CellRegistry, failed: (error: unknown) => void) {
    this.#failed = failed;
    this.#waitTime = cells.histogram({
      name: 'db.client.connection.wait_time',
      unit: 's',
      description: 'Time to get a connection from the pool.',
      boundaries: WAIT_BOUNDARIES,
    });
    this.#timeouts = cells.counter({
      name: 'db.client.connection.timeouts',
      unit: '{timeout}',
      description: 'Requests for a connection that the pool gave up.',
    });
    this.#observe(cells);
  }

  /** Wraps `Pool.prototype.connect`, with a callback or with a promise. */
  connecting(original: Method): Method {
    const remember = (pool: PgPool) => this.#remember(pool);
    return function connect(this: PgPool, callback?: ConnectCallback) {
      const start = performance.now();
      const got = (error: unknown) => recordWait(this[pooled], start, error);
      if (typeof callback === 'function') {
        const result: unknown = original.call(this, function (this: unknown, error: unknown, client, release) {
          got(error);
          return callback.call(this, error, client, release);
        } as ConnectCallback);
        remember(this);
        return result;
      }
      const result: Promise<unknown> = original.apply(this, arguments as never);
      remember(this);
      return result.then(
        (client) => {
          got(undefined);
          return client;
        },
        (error) => {
          got(error);
          throw error;
        },
      );
    };
  }

  /** Once a pool, when its first client is made: it is the client that knows where the pool connects to. */
  #remember(pool: PgPool): void {
    try {
      const client = pool._clients?.[0];
      if (pool[pooled] || !client) return;
      const name = this.#freeName(client);
      const attributes = { 'db.client.connection.pool.name': name };
      pool[pooled] = { name, waitTime: this.#waitTime.bind(attributes), timeouts: this.#timeouts.bind(attributes) };
      this.#pools.add(new WeakRef(pool));
    } catch (error) {
      this.#failed(error);
    }
  }

  /** `host:port/database`, and a number behind it when another pool of the process has that name. */
  #freeName(client: PgClient): string {
    const { address, port, namespace } = targetOf(client);
    const name = `${address}:${port}/${namespace}`;
    const taken = new Set(this.#live().map(({ cells }) => cells.name));
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}#${number}`;
    return free;
  }

  #live(): { pool: PgPool; cells: PoolCells }[] {
    const live: { pool: PgPool; cells: PoolCells }[] = [];
    for (const reference of this.#pools) {
      const pool = reference.deref();
      const cells = pool?.[pooled];
      if (pool && cells && !pool.ended) live.push({ pool, cells });
      else this.#pools.delete(reference);
    }
    return live;
  }

  #observe(cells: CellRegistry): void {
    const observe = (name: string, unit: string, description: string, read: (pool: PgPool) => Record<string, number>) =>
      cells.observedUpDownCounter({ name, unit, description }, (report) => {
        for (const { pool, cells } of this.#live()) {
          for (const [state, value] of Object.entries(read(pool))) {
            report(value, {
              'db.client.connection.pool.name': cells.name,
              'db.client.connection.state': state || undefined,
            });
          }
        }
      });
    observe('db.client.connection.count', '{connection}', 'Connections of the pool, by state.', (pool) => ({
      idle: pool.idleCount,
      used: pool.totalCount - pool.idleCount,
    }));
    observe('db.client.connection.max', '{connection}', 'Most connections that the pool may have.', (pool) => ({
      '': pool.options.max,
    }));
    observe('db.client.connection.pending_requests', '{request}', 'Requests that wait for a connection.', (pool) => ({
      '': pool.waitingCount,
    }));
  }
}

function recordWait(cells: PoolCells | undefined, start: number, error: unknown): void {
  if (!error) cells?.waitTime.record((performance.now() - start) / 1000);
  else if (errorType(error) === 'timeout') cells?.timeouts.add(1);
}
