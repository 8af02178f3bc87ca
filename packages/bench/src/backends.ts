import { join } from 'node:path';
import { startPostgres, startRedis, throwAwayFolder } from '@payments/local-stack';
import type { Backends } from './workloads.ts';

/** Starts PostgreSQL and Redis with all their data in a folder that goes with them. */
export async function startBackends(): Promise<Backends & { stop(): Promise<void> }> {
  const folder = throwAwayFolder();
  const postgres = await startPostgres({ dataDir: join(folder.path, 'postgres'), throwAway: true });
  const redis = await startRedis({ dataDir: join(folder.path, 'redis'), throwAway: true });
  return {
    postgres,
    redis,
    async stop() {
      await redis.stop();
      await postgres.stop();
      folder.remove();
    },
  };
}
