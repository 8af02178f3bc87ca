import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { CellRegistry } from '@otel-register/cells';
import type { DatabaseOperations, DatabaseTarget, TargetOperations } from './db-operation.ts';
import { errorType } from './error-type.ts';
import type { Method } from './patch.ts';
import { PgPools } from './pg-pools.ts';
import { Probe } from './probe.ts';
import { sqlOperation } from './sql-operation.ts';

const VERSIONS = ['>=8.0.0 <9'];
const POOL_VERSIONS = ['>=3.0.0 <4'];

const operations = Symbol('otel-register.operations');
const submittedAt = Symbol('otel-register.submitted-at');

/** Stands for the start of a query that has been recorded: it may be told twice that it is over. */
const RECORDED = Number.NaN;

export interface PgClient {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly connection?: PgConnection;
}

interface PgConnection {
  [operations]?: TargetOperations;
}

interface PgQuery {
  readonly text?: unknown;
  readonly _canceledDueToError?: unknown;
  [submittedAt]?: number;
}

/**
 * Measures the queries of pg 8 and its pools.
 *
 * A query is watched from the moment that it goes to the server until the server is done with it or it fails, on the query's
 * own methods: arguments, promises and callbacks of the service are not touched.
 */
export class PgProbe extends Probe {
  readonly #operations: DatabaseOperations;
  readonly #pools: PgPools;

  constructor(cells: CellRegistry, database: DatabaseOperations) {
    super('pg');
    this.#operations = database;
    this.#pools = new PgPools(cells, (error) => this.failed(error));
  }

  protected override init(): InstrumentationModuleDefinition[] {
    return [
      this.patched('pg', VERSIONS, [
        { module: 'pg/lib/client.js', wrappers: { connect: (original) => this.#connecting(original) } },
        {
          module: 'pg/lib/query.js',
          wrappers: {
            submit: (original) => this.#submitting(original),
            handleReadyForQuery: (original) => this.#ready(original),
            handleError: (original) => this.#erring(original),
          },
        },
      ]),
      this.patched('pg-pool', POOL_VERSIONS, [
        { module: 'pg-pool', wrappers: { connect: (original) => this.#pools.connecting(original) } },
      ]),
    ];
  }

  #connecting(original: Method): Method {
    const remember = (client: PgClient) => this.#remember(client);
    return function connect(this: PgClient, callback?: unknown) {
      remember(this);
      return original.call(this, callback);
    };
  }

  #submitting(original: Method): Method {
    return function submit(this: PgQuery, connection: unknown) {
      this[submittedAt] = performance.now();
      return original.call(this, connection);
    };
  }

  #ready(original: Method): Method {
    const record = (query: PgQuery, connection: PgConnection) => this.#record(query, connection, undefined);
    return function handleReadyForQuery(this: PgQuery, connection: PgConnection) {
      // A row that could not be parsed: pg goes on to handleError, which knows the error.
      if (!this._canceledDueToError) record(this, connection);
      return original.call(this, connection);
    };
  }

  #erring(original: Method): Method {
    const record = (query: PgQuery, connection: PgConnection, error: unknown) =>
      this.#record(query, connection, query._canceledDueToError || error);
    return function handleError(this: PgQuery, error: unknown, connection: PgConnection) {
      record(this, connection, error);
      return original.call(this, error, connection);
    };
  }

  /** A query knows its connection only; where that goes, its client knows. */
  #remember(client: PgClient): void {
    try {
      if (client.connection) client.connection[operations] = this.#operations.on(targetOf(client));
    } catch (failure) {
      this.failed(failure);
    }
  }

  #record(query: PgQuery, connection: PgConnection | undefined, error: unknown): void {
    try {
      const on = connection?.[operations];
      const now = performance.now();
      // A query that was refused before it was sent took no time.
      const start = query[submittedAt] ?? now;
      if (!on || Number.isNaN(start)) return;
      query[submittedAt] = RECORDED;
      const operation = typeof query.text === 'string' ? sqlOperation(query.text) : undefined;
      this.#operations.record(on, operation, error === undefined ? undefined : errorType(error), (now - start) / 1000);
    } catch (failure) {
      this.failed(failure);
    }
  }
}

/** Where a client connects to, as pg itself has resolved it from options, connection string and environment. */
export function targetOf(client: PgClient): DatabaseTarget {
  const { host, port, database } = client;
  return { system: 'postgresql', namespace: database, address: host, port };
}
