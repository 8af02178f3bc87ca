import { join } from 'node:path';
import {
  busEnvironment,
  commonEnvironment,
  createApp,
  createLogger,
  databaseEnvironment,
  loadConfig,
  openBus,
  openDatabase,
  runService,
  subscribeToPayments,
  url,
  wholeNumber,
} from '@payments/service-kit';
import { z } from 'zod';
import { addActivity } from './activity.ts';
import { adminRoutes } from './admin-routes.ts';

const config = loadConfig(
  z.object({
    ...commonEnvironment(3003),
    ...databaseEnvironment,
    ...busEnvironment,
    AUTH_URL: url('http').default('http://localhost:3001'),
    PAYMENTS_URL: url('http').default('http://localhost:3002'),
    UPSTREAM_TIMEOUT_MS: wholeNumber(1, 60_000).default(5_000),
  }),
);
const logger = createLogger('admin', config.LOG_LEVEL);

void runService({
  logger,
  port: config.PORT,
  open: async () => {
    const migrations = join(__dirname, '../migrations');
    const database = await openDatabase({ url: config.DATABASE_URL, migrations, logger });
    const role = subscribeToPayments({
      subscriber: 'admin',
      handle: (event) => addActivity(database, event),
      needs: database,
      logger,
    });
    const bus = await openBus({ url: config.AMQP_URL, service: 'admin', logger, role });
    const resources = [database, ...bus];
    return { app: createApp({ logger, resources, routes: { '/admin': adminRoutes(database, config) } }), resources };
  },
});
