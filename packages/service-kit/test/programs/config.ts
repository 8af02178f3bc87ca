import { z } from 'zod';
import { commonEnvironment, databaseEnvironment, loadConfig, url } from '../../src/index.ts';

const schema = z.object({ ...commonEnvironment(3001), ...databaseEnvironment, AUTH_URL: url('http').optional() });
process.stdout.write(JSON.stringify(loadConfig(schema)));
