import { authenticate, createApp, type Logger, type Resource } from '@payments/service-kit';
import { type Express, Router } from 'express';
import type { Redis } from 'ioredis';
import { forwardTo } from './forward.ts';
import { publicRoutes, type UpstreamName } from './public-routes.ts';
import { limitRate } from './rate-limit.ts';

export interface GatewayDependencies {
  logger: Logger;
  redis: Redis;
  resources: Resource[];
  /** Verifies access tokens. */
  secret: string;
  /** Base URL of each service behind the gateway. */
  upstreams: Record<UpstreamName, string>;
  upstreamTimeoutMs: number;
  /** For one client. */
  requestsPerMinute: number;
}

export function createGatewayApp(dependencies: GatewayDependencies): Express {
  const { logger, redis, resources, secret, upstreams, upstreamTimeoutMs, requestsPerMinute } = dependencies;
  const router = Router();
  router.use(limitRate(redis, requestsPerMinute, secret));
  for (const [upstream, method, path, open] of publicRoutes) {
    const forward = forwardTo(upstream, upstreams[upstream], upstreamTimeoutMs);
    if (open) router[method](path, forward);
    else router[method](path, authenticate(secret), forward);
  }
  return createApp({ logger, resources, routes: { '/': router }, bodyLimit: false });
}
