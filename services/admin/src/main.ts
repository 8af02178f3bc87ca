import { join } from 'node:path';
import {
  commonEnvironment,
  createApp,
  createLogger,
  databaseEnvironment,
  loadConfig,
  openDatabase,
  runService,
  url,
  wholeNumber,
} from '@payments/service-kit';
import { z } from 'zod';
import { adminRoutes } from './admin-routes.ts';

const config = loadConfig(
  z.object({
    ...commonEnvironment(3003),
    ...databaseEnvironment,
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
    const resources = [database];
    return { app: createApp({ logger, resources, routes: { '/admin': adminRoutes(database, config) } }), resources };
  },
});
