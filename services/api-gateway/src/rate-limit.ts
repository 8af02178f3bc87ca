import { Problem, verifyRequest } from '@payments/service-kit';
import type { Request, RequestHandler } from 'express';
import type { Redis } from 'ioredis';
import { RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { clientAddress } from './client-address.ts';

/**
 * Lets each client send so many requests in a minute; 429 with Retry-After for more. A client is the user of a valid
 * token, else the address that connects. While Redis is away nobody is refused.
 */
export function limitRate(redis: Redis, requestsPerMinute: number, secret: string): RequestHandler {
  const limiter = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: 'rate',
    points: requestsPerMinute,
    duration: 60,
  });
  return async (request, _response, next) => {
    await limiter.consume(clientOf(request, secret)).catch(refuse);
    next();
  };
}

function clientOf(request: Request, secret: string): string {
  try {
    return `user:${verifyRequest(request, secret).id}`;
  } catch {
    return `address:${clientAddress(request)}`;
  }
}

function refuse(reason: RateLimiterRes | Error): void {
  if (reason instanceof Error) return;
  const seconds = Math.ceil(reason.msBeforeNext / 1_000);
  throw new Problem(429, `too many requests; try again in ${seconds} s`, {
    headers: { 'retry-after': String(seconds) },
  });
}
