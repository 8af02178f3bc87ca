import { join } from 'node:path';
import { after, before } from 'node:test';
import { type Postgres, type Redis, startPostgres, startRedis, throwAwayFolder } from '@payments/local-stack';

/**
 * A PostgreSQL and a Redis for the tests of a file.
 *
 * @returns how a service is told of them, once tests run
 */
export function throwAwayDatabases(): () => { DATABASE_URL: string; REDIS_URL: string } {
  const folder = throwAwayFolder();
  let postgres: Postgres;
  let redis: Redis;
  before(async () => {
    postgres = await startPostgres({ dataDir: join(folder.path, 'postgres'), throwAway: true });
    redis = await startRedis({ dataDir: join(folder.path, 'redis'), throwAway: true });
  });
  after(async () => {
    await postgres?.stop();
    await redis?.stop();
    folder.remove();
  });
  return () => ({ DATABASE_URL: postgres.url('postgres'), REDIS_URL: redis.url });
}
