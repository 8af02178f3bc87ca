import type { CellRegistry, CounterCell, CounterMetric, HistogramCell, HistogramMetric } from '@otel-register/cells';

/** Buckets for the times of connections, in seconds; the semantic conventions give none. */
const BOUNDARIES = [0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10];

/** What a pool says of itself when it is asked. */
export interface PoolState {
  readonly idle: number;
  readonly used: number;
  readonly max: number;
  readonly pending: number;
}

/** What a pool records on. */
export interface PoolCells {
  readonly name: string;
  readonly waitTime: HistogramCell;
  readonly createTime: HistogramCell;
  readonly useTime: HistogramCell;
  readonly timeouts: CounterCell;
}

interface WatchedPool<P extends object> {
  /** Held weakly: a pool that nobody ends is still free to go. */
  readonly reference: WeakRef<P>;
  readonly cells: PoolCells;
}

/**
 * The metrics of connection pools (semantic conventions, "Database connection pools"). How many connections and requests
 * there are is read from each pool at each collection; times and timeouts are recorded where they happen.
 */
export class PoolMetrics<P extends object> {
  readonly #pools = new Set<WatchedPool<P>>();
  readonly #read: (pool: P) => PoolState | undefined;
  readonly #times: Readonly<Record<'waitTime' | 'createTime' | 'useTime', HistogramMetric>>;
  readonly #timeouts: CounterMetric;

  /** @param read undefined for a pool that was closed: its series end */
  constructor(cells: CellRegistry, read: (pool: P) => PoolState | undefined) {
    this.#read = read;
    const time = (name: string, description: string) =>
      cells.histogram({ name: `db.client.connection.${name}`, unit: 's', description, boundaries: BOUNDARIES });
    this.#times = {
      waitTime: time('wait_time', 'Time to get a connection from the pool.'),
      createTime: time('create_time', 'Time to make a new connection.'),
      useTime: time('use_time', 'Time between getting a connection from the pool and giving it back.'),
    };
    this.#timeouts = cells.counter({
      name: 'db.client.connection.timeouts',
      unit: '{timeout}',
      description: 'Requests for a connection that the pool gave up.',
    });
    // After those whose series they end, so that a collection still has what a closed pool recorded last.
    this.#observe(cells);
  }

  /** Shows a pool from now on, under its name; with a number behind it when another open pool of the process has it. */
  watch(pool: P, name: string): PoolCells {
    const taken = new Set(Array.from(this.#open(), ({ cells }) => cells.name));
    let free = name;
    for (let number = 2; taken.has(free); number++) free = `${name}#${number}`;
    const attributes = { 'db.client.connection.pool.name': free };
    const { waitTime, createTime, useTime } = this.#times;
    const cells = {
      name: free,
      waitTime: waitTime.bind(attributes),
      createTime: createTime.bind(attributes),
      useTime: useTime.bind(attributes),
      timeouts: this.#timeouts.bind(attributes),
    };
    this.#pools.add({ reference: new WeakRef(pool), cells });
    return cells;
  }

  #observe(cells: CellRegistry): void {
    const observe = (name: string, unit: string, description: string, read: (state: PoolState) => [string, number][]) =>
      cells.observedUpDownCounter({ name, unit, description }, (report) => {
        for (const { state, cells } of this.#open()) {
          for (const [connectionState, value] of read(state)) {
            report(value, {
              'db.client.connection.pool.name': cells.name,
              'db.client.connection.state': connectionState || undefined,
            });
          }
        }
        this.#retireClosed();
      });
    observe('db.client.connection.count', '{connection}', 'Connections of the pool, by state.', ({ idle, used }) => [
      ['idle', idle],
      ['used', used],
    ]);
    observe('db.client.connection.max', '{connection}', 'Most connections that the pool may have.', ({ max }) => [
      ['', max],
    ]);
    observe(
      'db.client.connection.pending_requests',
      '{request}',
      'Requests that wait for a connection.',
      ({ pending }) => [['', pending]],
    );
  }

  *#open(): Generator<{ state: PoolState; cells: PoolCells }> {
    for (const { reference, cells } of this.#pools) {
      const pool = reference.deref();
      const state = pool && this.#read(pool);
      if (state) yield { state, cells };
    }
  }

  /** A pool that took the name of a closed one goes on with its series. */
  #retireClosed(): void {
    const open = new Set(Array.from(this.#open(), ({ cells }) => cells.name));
    for (const watched of this.#pools) {
      const { reference, cells } = watched;
      const pool = reference.deref();
      if (pool && this.#read(pool)) continue;
      this.#pools.delete(watched);
      if (open.has(cells.name)) continue;
      for (const time of ['waitTime', 'createTime', 'useTime'] as const) this.#times[time].retire(cells[time]);
      this.#timeouts.retire(cells.timeouts);
    }
  }
}
