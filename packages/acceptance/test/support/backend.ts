import { join } from 'node:path';
import {
  databaseNames,
  type Service,
  type ServiceName,
  serviceEnvironment,
  startPostgres,
  startRedis,
  throwAwayFolder,
} from '@payments/local-stack';
import { Redis } from 'ioredis';
import pg from 'pg';
import { startService } from './service.ts';

type Environment = Record<string, string>;

/** PostgreSQL, Redis and those of the services that a test asks for, all thrown away at the end. */
export interface Backend {
  readonly jwtSecret: string;
  readonly admin: { email: string; password: string };
  readonly redis: Redis;
  /** The file that PostgreSQL's log is written to. */
  readonly postgresLog: string;
  /** Starts a service on a free port. It is told where those that were started before it are. */
  start(name: ServiceName, env?: Environment): Promise<Service>;
  /** A pool of the test's own connections to a service's database. Their statements are in no log. */
  database(name: (typeof databaseNames)[number]): pg.Pool;
  stop(): Promise<void>;
}

export async function startBackend(): Promise<Backend> {
  const folder = throwAwayFolder();
  const undo: Array<() => unknown> = [() => folder.remove()];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const postgresLog = join(folder.path, 'postgres.log');
    const dataDir = join(folder.path, 'postgres');
    const postgres = await startPostgres({ dataDir, throwAway: true, logFile: postgresLog });
    undo.push(() => postgres.stop());
    const redisServer = await startRedis({ dataDir: join(folder.path, 'redis'), throwAway: true });
    undo.push(() => redisServer.stop());
    await postgres.createDatabases(databaseNames);
    const redis = new Redis(redisServer.url);
    undo.push(() => redis.quit());
    const parts = {
      postgres,
      redis: redisServer,
      jwtSecret: 'a secret for tests, and for nothing else',
      admin: { email: 'admin@example.com', password: 'admin password for tests' },
    };
    const urls: Partial<Record<ServiceName, string>> = {};
    return {
      ...parts,
      redis,
      postgresLog,
      stop,
      async start(name, env = {}) {
        const service = await startService({ name, env: { ...serviceEnvironment(name, parts, urls), ...env } });
        undo.push(() => service.stop());
        urls[name] = service.url;
        return service;
      },
      database(name) {
        const pool = new pg.Pool({ connectionString: postgres.url(name), options: '-c log_statement=none' });
        // A pool has ended before its connections are closed, and PostgreSQL may close them first.
        pool.on('error', () => {});
        undo.push(() => pool.end());
        return pool;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
