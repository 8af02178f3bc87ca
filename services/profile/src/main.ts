import { join } from 'node:path';
import {
  Cache,
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
import { createProfileApp } from './app.ts';
import { PreferencesStore } from './preferences-store.ts';
import { ProfileStore } from './profile-store.ts';

const config = loadConfig(z.object({ ...commonEnvironment(3004), ...databaseEnvironment, ...redisEnvironment }));
const logger = createLogger('profile', config.LOG_LEVEL);

runService({
  logger,
  port: config.PORT,
  open: async () => {
    const migrations = join(__dirname, '../migrations');
    const database = await openDatabase({ url: config.DATABASE_URL, migrations, logger });
    const redis = openRedis(config.REDIS_URL, logger);
    const resources = [database, redisResource(redis)];
    const cache = new Cache(redis, logger);
    const app = createProfileApp({
      logger,
      resources,
      profiles: new ProfileStore(database, cache),
      preferences: new PreferencesStore(database, cache),
      secret: config.JWT_SECRET,
    });
    return { app, resources };
  },
});
