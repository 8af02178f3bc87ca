import { Redis } from 'ioredis';
import { pause, type Scenario } from './scenario.ts';

/** The caches of services/README.md. Sessions and rate limits, which are in Redis too, are nobody's to forget. */
const CACHED = /^(payment|profile|preferences):/;
const BETWEEN_MS = 20;

export const cacheCollapse: Scenario = {
  name: 'cache-collapse',
  summary: 'Redis forgets what is cached as soon as it is stored; PostgreSQL has to answer instead',
  story: {
    before: ['The usual traffic', 'payments, profile: cache_hits_total grows beside cache_misses_total'],
    during: [
      'Redis forgets what is cached as soon as it is stored',
      'payments, profile: cache_hits_total stands still, cache_misses_total grows in its place',
      'payments, profile: db_client_operation_duration_seconds_count{db_operation_name="SELECT"} grows faster',
    ],
    after: [
      'Redis keeps what is cached again',
      'payments, profile: cache_hits_total grows again, and SELECTs become as rare as they were',
    ],
  },
  needs: { part: 'redis', title: 'Redis', variable: 'REDIS_URL' },

  /** Nothing is left to undo, whatever ends it: what was deleted is stored again at the next reading. */
  async make({ redis: url = '' }, signal) {
    const redis = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
    // The command that fails tells of it.
    redis.on('error', () => {});
    try {
      await redis.connect();
      while (!signal.aborted) {
        await forget(redis);
        await pause(BETWEEN_MS, signal);
      }
    } finally {
      redis.disconnect();
    }
  },
};

async function forget(redis: Redis): Promise<void> {
  for await (const keys of redis.scanStream({ count: 1_000 }) as AsyncIterable<string[]>) {
    const cached = keys.filter((key) => CACHED.test(key));
    if (cached.length > 0) await redis.unlink(cached);
  }
}
