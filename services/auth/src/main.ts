import { join } from 'node:path';
import {
  commonEnvironment,
  createLogger,
  databaseEnvironment,
  loadConfig,
  openDatabase,
  openRedis,
  redisEnvironment,
  redisResource,
  runService,
} from '@payments/service-kit';
import { z } from 'zod';
import { AccountStore } from './account-store.ts';
import { createAuthApp } from './app.ts';
import { email, newPassword } from './credentials.ts';
import { hashPassword } from './password.ts';
import { SessionStore } from './session-store.ts';

const config = loadConfig(
  z
    .object({
      ...commonEnvironment(3001),
      ...databaseEnvironment,
      ...redisEnvironment,
      ADMIN_EMAIL: email.optional(),
      ADMIN_PASSWORD: newPassword.optional(),
    })
    .refine(({ ADMIN_EMAIL, ADMIN_PASSWORD }) => (ADMIN_EMAIL === undefined) === (ADMIN_PASSWORD === undefined), {
      path: ['ADMIN_PASSWORD'],
      error: 'expected together with ADMIN_EMAIL, or neither',
    }),
);
const logger = createLogger('auth', config.LOG_LEVEL);

runService({
  logger,
  port: config.PORT,
  open: async () => {
    const migrations = join(__dirname, '../migrations');
    const database = await openDatabase({ url: config.DATABASE_URL, migrations, logger });
    const accounts = new AccountStore(database);
    if (config.ADMIN_EMAIL !== undefined && config.ADMIN_PASSWORD !== undefined) {
      await accounts.putAdmin(config.ADMIN_EMAIL, await hashPassword(config.ADMIN_PASSWORD));
    }
    const redis = openRedis(config.REDIS_URL, logger);
    const resources = [database, redisResource(redis)];
    const sessions = new SessionStore(redis);
    return { app: createAuthApp({ logger, resources, accounts, sessions, secret: config.JWT_SECRET }), resources };
  },
});
