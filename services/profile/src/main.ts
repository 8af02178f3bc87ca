import { join } from 'node:path';
import {
  busEnvironment,
  Cache,
  commonEnvironment,
  createLogger,
  databaseEnvironment,
  loadConfig,
  openBus,
  openDatabase,
  openRedis,
  redisEnvironment,
  redisResource,
  runService,
  subscribeToPayments,
} from '@payments/service-kit';
import { z } from 'zod';
import { createProfileApp } from './app.ts';
import { PaymentStore } from './payment-store.ts';
import { PreferencesStore } from './preferences-store.ts';
import { ProfileStore } from './profile-store.ts';

const config = loadConfig(
  z.object({ ...commonEnvironment(3004), ...databaseEnvironment, ...redisEnvironment, ...busEnvironment }),
);
const logger = createLogger('profile', config.LOG_LEVEL);

runService({
  logger,
  port: config.PORT,
  open: async () => {
    const migrations = join(__dirname, '../migrations');
    const database = await openDatabase({ url: config.DATABASE_URL, migrations, logger });
    const redis = openRedis(config.REDIS_URL, logger);
    const payments = new PaymentStore(database);
    const role = subscribeToPayments({
      subscriber: 'profile',
      handle: (event) => payments.take(event),
      needs: database,
      logger,
    });
    const bus = await openBus({ url: config.AMQP_URL, service: 'profile', logger, role });
    const resources = [database, redisResource(redis), ...bus];
    const cache = new Cache(redis, logger);
    const app = createProfileApp({
      logger,
      resources,
      profiles: new ProfileStore(database, cache),
      preferences: new PreferencesStore(database, cache),
      payments,
      secret: config.JWT_SECRET,
    });
    return { app, resources };
  },
});
