import { Redis } from 'ioredis';
import type { Logger } from './logger.ts';
import type { Resource } from './resource.ts';

/** A Redis client that fails fast while Redis is away, reconnects by itself, and logs an outage once. */
export function openRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 2_000,
    commandTimeout: 1_000,
    retryStrategy: (attempt) => Math.min(attempt * 100, 2_000),
  });
  let lastError: Error | undefined;
  let away = false;
  redis.on('error', (error) => {
    lastError = error;
  });
  redis.on('reconnecting', () => {
    if (!away) logger.warn({ err: lastError }, 'Redis cannot be reached; the service goes on without it');
    away = true;
  });
  redis.on('ready', () => {
    if (away) logger.info('Redis can be reached again');
    away = false;
  });
  return redis;
}

/** The client as something to check and close. */
export function redisResource(redis: Redis): Resource {
  return {
    name: 'redis',
    check: () => redis.ping(),
    close: async () => {
      if (redis.status === 'ready') await redis.quit();
      else redis.disconnect();
    },
  };
}
