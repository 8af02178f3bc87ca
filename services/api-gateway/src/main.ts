import {
  busEnvironment,
  commonEnvironment,
  createLogger,
  loadConfig,
  openBus,
  openRedis,
  redisEnvironment,
  redisResource,
  runService,
  url,
  watchPayments,
  wholeNumber,
} from '@payments/service-kit';
import { z } from 'zod';
import { createGatewayApp } from './app.ts';
import { EventSockets } from './event-sockets.ts';

const config = loadConfig(
  z.object({
    ...commonEnvironment(3000),
    ...redisEnvironment,
    ...busEnvironment,
    AUTH_URL: url('http').default('http://localhost:3001'),
    PAYMENTS_URL: url('http').default('http://localhost:3002'),
    ADMIN_URL: url('http').default('http://localhost:3003'),
    PROFILE_URL: url('http').default('http://localhost:3004'),
    UPSTREAM_TIMEOUT_MS: wholeNumber(1, 600_000).default(5_000),
    WEBSOCKET_PING_SECONDS: wholeNumber(1, 3_600).default(30),
    RATE_LIMIT_PER_MINUTE: wholeNumber(1, 1_000_000_000).default(600),
  }),
);
const logger = createLogger('api-gateway', config.LOG_LEVEL);

runService({
  logger,
  port: config.PORT,
  open: async () => {
    const redis = openRedis(config.REDIS_URL, logger);
    const sockets = new EventSockets(config.JWT_SECRET, config.WEBSOCKET_PING_SECONDS * 1_000);
    const role = watchPayments((event) => sockets.push(event), logger);
    const bus = await openBus({ url: config.AMQP_URL, service: 'api-gateway', logger, role });
    const resources = [redisResource(redis), ...bus];
    const app = createGatewayApp({
      logger,
      redis,
      resources,
      secret: config.JWT_SECRET,
      upstreams: {
        auth: config.AUTH_URL,
        payments: config.PAYMENTS_URL,
        admin: config.ADMIN_URL,
        profile: config.PROFILE_URL,
      },
      upstreamTimeoutMs: config.UPSTREAM_TIMEOUT_MS,
      requestsPerMinute: config.RATE_LIMIT_PER_MINUTE,
    });
    return { app, resources, sockets };
  },
});
