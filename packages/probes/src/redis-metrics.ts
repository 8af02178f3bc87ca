import type { SpanContext } from '@opentelemetry/api';
import type { CaptureSpan, CellRegistry, CounterCell, CounterMetric } from '@otel-register/cells';
import { CacheCounters } from './cache.ts';
import type { CacheNamePattern } from './cache-names.ts';
import type { DatabaseOperations, DatabaseTarget, TargetOperations } from './db-operation.ts';
import { redisErrorType } from './redis-error-type.ts';

/** Where a connection goes to, before any SELECT. */
export interface RedisServer {
  readonly database: number | string;
  readonly address: string | undefined;
  readonly port: number | undefined;
}

/** What is measured of Redis, whatever library talks to it: commands, hits and misses, connections. */
export class RedisMetrics {
  /** To be asked when a command begins. */
  readonly captureSpan: CaptureSpan;
  readonly cache: CacheCounters;
  readonly database: DatabaseOperations;
  readonly #reconnections: CounterMetric;
  /** Those that there were connections to, by their names; one that has none left has none, and does not vanish. */
  readonly #servers = new Map<string, { readonly server: RedisServer; readonly ready: Set<RedisConnection> }>();
  readonly #mostServers: number;

  constructor(cells: CellRegistry, database: DatabaseOperations, cacheNames: readonly CacheNamePattern[]) {
    this.captureSpan = database.captureSpan;
    this.cache = new CacheCounters(cells, cacheNames);
    this.database = database;
    this.#mostServers = cells.cardinalityLimit;
    this.#reconnections = cells.counter({
      name: 'redis.client.reconnections',
      unit: '{connection}',
      description: 'Connections that were made anew.',
    });
    cells.observedUpDownCounter(
      {
        name: 'redis.client.connections',
        unit: '{connection}',
        description: 'Connections that are ready for commands.',
      },
      (report) => {
        for (const { server, ready } of this.#servers.values()) {
          forgetLost(ready);
          report(ready.size, serverAttributes(server));
        }
      },
    );
  }

  /** @param isReady tells whether the connection takes commands now */
  connection(server: RedisServer, isReady: () => boolean): RedisConnection {
    return new RedisConnection(this, server, isReady);
  }

  /** Counts a connection that has just become ready; for how long, it tells itself. */
  opened(connection: RedisConnection): void {
    const { server } = connection;
    const name = `${server.address}:${server.port}`;
    let known = this.#servers.get(name);
    if (known === undefined) {
      if (this.#servers.size >= this.#mostServers) return;
      known = { server, ready: new Set() };
      this.#servers.set(name, known);
    }
    forgetLost(known.ready);
    known.ready.add(connection);
  }

  reconnections(server: RedisServer): CounterCell {
    return this.#reconnections.bind(serverAttributes(server));
  }

  operations({ address, port }: RedisServer, database: string): TargetOperations {
    return this.database.on({ system: 'redis', namespace: database, address, port });
  }
}

/** A command that the server has queued since MULTI. */
interface Queued {
  readonly operation: string;
  readonly args: readonly unknown[];
  readonly firstKey: number;
}

/** One connection of a client, through all its reconnections: where its commands go, and what their replies say. */
export class RedisConnection {
  readonly server: RedisServer;
  readonly isReady: () => boolean;
  readonly #metrics: RedisMetrics;
  #on: TargetOperations;
  #queued: Queued[] | undefined = undefined;
  #reconnections: CounterCell | undefined = undefined;

  constructor(metrics: RedisMetrics, server: RedisServer, isReady: () => boolean) {
    this.server = server;
    this.isReady = isReady;
    this.#metrics = metrics;
    this.#on = metrics.operations(server, String(server.database));
  }

  /** Where its commands go now. */
  get target(): DatabaseTarget {
    return this.#on.target;
  }

  /** It has become ready, for the first time or again. */
  opened(): void {
    if (this.#reconnections) this.#reconnections.add(1);
    else this.#reconnections = this.#metrics.reconnections(this.server);
    this.#metrics.opened(this);
  }

  /** Its commands go to another database from now on. */
  select(database: unknown): void {
    this.#on = this.#metrics.operations(this.server, String(database));
  }

  /** @param startedAt in milliseconds, as `performance.now()` tells them */
  failed(operation: string, error: unknown, startedAt: number, span: SpanContext | undefined): void {
    const seconds = (performance.now() - startedAt) / 1000;
    this.#metrics.database.record(this.#on, operation, redisErrorType(error), seconds, span);
  }

  succeeded(operation: string, startedAt: number, span: SpanContext | undefined): void {
    this.#metrics.database.record(this.#on, operation, undefined, (performance.now() - startedAt) / 1000, span);
  }

  /**
   * Takes note of a reply; replies come in the order of their commands. Within MULTI each command is answered QUEUED; the
   * real replies come together, in order, as the reply to EXEC. Any other reply means that there is no transaction (any
   * more), whatever became of it.
   *
   * @param firstKey which of `args` is the first key of a command that has keys
   */
  replied(operation: string, args: readonly unknown[], firstKey: number, reply: unknown): void {
    const queued = this.#queued;
    if (queued !== undefined && isQueued(reply)) {
      queued.push({ operation, args, firstKey });
      return;
    }
    if (operation === 'MULTI') this.#queued = [];
    else if (queued !== undefined) this.#queued = undefined;
    if (operation === 'SELECT') this.select(args[firstKey]);
    else if (operation !== 'EXEC') this.#metrics.cache.count(operation, args, firstKey, reply);
    else if (queued !== undefined && Array.isArray(reply)) this.#allReplied(queued, reply);
  }

  #allReplied(queued: readonly Queued[], replies: readonly unknown[]): void {
    for (const [index, { operation, args, firstKey }] of queued.entries()) {
      const reply = replies[index];
      if (!(reply instanceof Error)) this.replied(operation, args, firstKey, reply);
    }
  }
}

function forgetLost(connections: Set<RedisConnection>): void {
  for (const connection of connections) if (!connection.isReady()) connections.delete(connection);
}

function serverAttributes({ address, port }: RedisServer) {
  return { 'server.address': address, 'server.port': port };
}

/** The status that a command gets within MULTI: text, or its bytes. */
function isQueued(reply: unknown): boolean {
  return reply === 'QUEUED' || (reply instanceof Uint8Array && String(reply) === 'QUEUED');
}
