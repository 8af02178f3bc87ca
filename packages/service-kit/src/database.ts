import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from './logger.ts';
import { migrate } from './migrations.ts';
import type { Resource } from './resource.ts';

export interface DatabaseOptions {
  url: string;
  /** Folder of `<number>_<name>.sql` files, run in order before `openDatabase` resolves. */
  migrations: string;
  logger: Logger;
}

// Money is bigint in the database and a whole number here: amounts stay far below 2^53.
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid as number, format as 'text'),
};

const attempts = 20;
const attemptDelayMs = 500;

/** A pool of connections to the service's own PostgreSQL database. */
export class Database implements Resource {
  readonly name = 'database';
  readonly pool: pg.Pool;

  constructor(pool: pg.Pool) {
    this.pool = pool;
  }

  /** Runs one statement on any connection and returns its rows. */
  async query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.pool.query<Row>(sql, values)).rows;
  }

  /** Runs `work` in one transaction: committed when it resolves, rolled back when it rejects. */
  async transaction<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.pool.connect();
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    // A client that is out of the pool has no listener of the pool's: a killed backend would end the process.
    client.on('error', onError);
    try {
      await client.query('BEGIN');
      const result = await work(client);
      await client.query('COMMIT');
      return result;
    } catch (error) {
      await client.query('ROLLBACK').catch(onError);
      throw error;
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  check(): Promise<unknown> {
    return this.pool.query('SELECT 1');
  }

  close(): Promise<void> {
    return this.pool.end();
  }
}

/**
 * Opens the database: waits up to ten seconds for a server that is still starting, runs the migrations, makes the pool.
 * Rejects when the server cannot be reached or a migration fails.
 */
export async function openDatabase({ url, migrations, logger }: DatabaseOptions): Promise<Database> {
  const client = await connect(url, logger);
  try {
    await migrate(client, migrations, logger);
  } finally {
    await client.end();
  }
  const pool = new pg.Pool({
    connectionString: url,
    max: 10,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: 10_000,
    idle_in_transaction_session_timeout: 30_000,
    types,
  });
  pool.on('error', (error) =>
    logger.warn({ err: error }, 'an idle database connection was lost; the pool opens another'),
  );
  return new Database(pool);
}

async function connect(url: string, logger: Logger): Promise<pg.Client> {
  for (let attempt = 1; ; attempt++) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (attempt === attempts || !mayPass(error)) throw new Error(`the database cannot be reached: ${reason(error)}`);
      if (attempt === 1) logger.warn(`the database cannot be reached yet (${reason(error)}); trying again`);
      await delay(attemptDelayMs);
    }
  }
}

/** Whether the server may only be starting: a refused socket, or SQLSTATE 57P03 (starting up) and 53300 (full). */
function mayPass(error: unknown): boolean {
  return !(error instanceof pg.DatabaseError) || error.code === '57P03' || error.code === '53300';
}

// A refused connection to `localhost` is an AggregateError with an empty message.
const reason = (error: unknown) =>
  (error instanceof AggregateError ? error.errors : [error]).map((e) => e.message).join(', ');
