import { join } from 'node:path';
import {
  busEnvironment,
  Cache,
  commonEnvironment,
  createApp,
  createLogger,
  databaseEnvironment,
  loadConfig,
  openBus,
  openDatabase,
  openRedis,
  redisEnvironment,
  redisResource,
  runService,
} from '@payments/service-kit';
import { z } from 'zod';
import { internalRoutes } from './internal-routes.ts';
import { Outbox } from './outbox.ts';
import { Payments } from './payments.ts';
import { publicRoutes } from './public-routes.ts';

const config = loadConfig(
  z.object({ ...commonEnvironment(3002), ...databaseEnvironment, ...redisEnvironment, ...busEnvironment }),
);
const logger = createLogger('payments', config.LOG_LEVEL);

void runService({
  logger,
  port: config.PORT,
  open: async () => {
    const migrations = join(__dirname, '../migrations');
    const database = await openDatabase({ url: config.DATABASE_URL, migrations, logger });
    const redis = openRedis(config.REDIS_URL, logger);
    const outbox = new Outbox(database, logger);
    const bus = await openBus({ url: config.AMQP_URL, service: 'payments', logger, role: outbox.relay });
    const payments = new Payments(database, new Cache(redis, logger), outbox);
    const resources = [database, redisResource(redis), ...bus];
    const routes = {
      '/payments': publicRoutes(payments, database, config.JWT_SECRET),
      '/internal': internalRoutes(database, config.JWT_SECRET),
    };
    return { app: createApp({ logger, resources, routes }), resources };
  },
});
