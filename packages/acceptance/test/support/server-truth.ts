import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Pool } from 'pg';
import { countOf } from './asked.ts';
import type { Backend } from './backend.ts';
import type { Values } from './metrics-page.ts';
import { until } from './until.ts';

/** Asks a server what it was asked since the watching began, by operation: the truth that metrics are held against. */
export type Truth = () => Promise<Values>;

/** A PostgreSQL and its log, in which the statements of the test's own connections are not. */
interface LoggingPostgres {
  readonly postgresLog: string;
  database(name: string): Pool;
}

/** Counts the statements of every connection that is made to one database from now on, out of PostgreSQL's own log. */
export async function watchPostgres({ postgresLog, database }: LoggingPostgres, name: string): Promise<Truth> {
  const own = database(name);
  await own.query(`ALTER DATABASE ${name} SET log_statement = 'all'`);
  return async () => {
    const mark = randomUUID();
    await own.query(`DO $$ BEGIN RAISE LOG '${mark}'; END $$`);
    let log = '';
    await until('the mark in the log of PostgreSQL', async () => {
      log = readFileSync(postgresLog, 'utf8');
      return log.includes(mark);
    });
    // Each further read of a cursor is logged as a fetch; the cursor is one statement.
    const statements = log.matchAll(/ LOG: {2}(?:statement|execute (?!fetch from)[^:]+): (?:\s|--.*)*(\w+)/g);
    return countOf(Array.from(statements, ([, word = '']) => word));
  };
}

/** Counts the commands that Redis shows to MONITOR, but for those that scripts call within Redis. */
export async function watchRedis({ redis }: Backend): Promise<Truth> {
  const commands: string[] = [];
  const monitor = await redis.monitor();
  monitor.on('monitor', (_time: string, [name = '']: string[], source: string) => {
    if (source !== 'lua') commands.push(name);
  });
  return async () => {
    const shown = once(monitor, 'monitor');
    await redis.echo('all that was asked before is shown before this');
    await shown;
    monitor.disconnect();
    return countOf(commands.filter((name) => name.toLowerCase() !== 'echo'));
  };
}
