import type { Client } from 'pg';
import type { Logger } from './logger.ts';

/**
 * Runs the folder's SQL files that this database has not seen, in one transaction and under an advisory lock, so that
 * several instances may start at once.
 */
export async function migrate(client: Client, folder: string, logger: Logger): Promise<void> {
  const { runner } = await import('node-pg-migrate');
  const done = await runner({
    dbClient: client,
    dir: folder,
    direction: 'up',
    singleTransaction: true,
    migrationsTable: 'migrations',
    advisoryLockMode: 'wait',
    // The error of a failed migration is thrown with all that the service's log needs.
    logger: { info: () => {}, warn: (message) => logger.debug(message), error: (message) => logger.error(message) },
  });
  for (const { name } of done) logger.info({ migration: name }, 'migration done');
}
