import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Logger } from './logger.ts';

// Stores the value only while the reader's lease is the one in place.
const storeUnderLease = `
if redis.call('get', KEYS[2]) == ARGV[1] then
  redis.call('del', KEYS[2])
  return redis.call('set', KEYS[1], ARGV[2], 'EX', ARGV[3])
end`;

const leaseSeconds = 30;
const leaseOf = (key: string) => `${key}:lease`;

/**
 * Cache-aside over Redis with JSON values. Redis is never needed for an answer: when it is away, values are loaded.
 *
 * A reader that misses takes a lease before it loads, and stores only while it still holds it; `invalidate` drops value
 * and lease together. So a value loaded before a change cannot be stored after it. What remains: an `invalidate` that
 * Redis never got leaves the old value until its time to live ends; keep that short.
 */
export class Cache {
  readonly #redis: Redis;
  readonly #logger: Logger;

  constructor(redis: Redis, logger: Logger) {
    this.#redis = redis;
    this.#logger = logger;
  }

  /**
   * The value under `key`, else what `load` gives, kept for `ttlSeconds`. `undefined` is not kept.
   * `load` gives plain JSON data (times as strings): a hit is what `JSON.parse` makes of it.
   */
  async readThrough<T>(key: string, ttlSeconds: number, load: () => Promise<T>): Promise<T> {
    const hit = await this.#quietly(async () => parsed<T>(await this.#redis.get(key)));
    if (hit !== undefined) return hit;
    const lease = randomUUID();
    const leased = await this.#quietly(() => this.#redis.set(leaseOf(key), lease, 'EX', leaseSeconds));
    const value = await load();
    if (leased && value !== undefined) {
      const json = JSON.stringify(value);
      await this.#quietly(() => this.#redis.eval(storeUnderLease, 2, key, leaseOf(key), lease, json, ttlSeconds));
    }
    return value;
  }

  /** Forgets the value. Call it after the change is committed. */
  async invalidate(key: string): Promise<void> {
    await this.#quietly(() => this.#redis.del(key, leaseOf(key)));
  }

  async #quietly<T>(command: () => Promise<T>): Promise<T | undefined> {
    try {
      return await command();
    } catch (error) {
      this.#logger.debug({ err: error }, 'the cache was passed over');
      return undefined;
    }
  }
}

const parsed = <T>(json: string | null) => (json === null ? undefined : (JSON.parse(json) as T));
