import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Postgres, type Redis, startPostgres, startRedis, throwAwayFolder } from '@payments/local-stack';
import { databaseCounts, requestCounts } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { CALLER, startTraced } from './support/traced-program.ts';
import { until } from './support/until.ts';

/** The Node.js of this process, and those that come as packages; npm run test:matrix runs many more tests with each of these. */
const NODES: Record<string, string> = { [`this one, ${process.version}`]: process.execPath };
const packages = resolve(import.meta.dirname, '../nodes/node_modules');
for (const name of existsSync(packages) ? readdirSync(packages).sort() : []) {
  if (name.startsWith('node-')) NODES[name] = join(packages, name, 'bin/node');
}

const PROGRAMS = { CommonJS: 'orders-commonjs.cjs', 'an ES module': '../libraries/current/orders.mjs' };

const folder = throwAwayFolder();
let postgres: Postgres;
let redis: Redis;
let env: Record<string, string>;
before(async () => {
  postgres = await startPostgres({ dataDir: `${folder.path}/postgres`, throwAway: true });
  redis = await startRedis({ dataDir: `${folder.path}/redis`, throwAway: true });
  env = { DATABASE_URL: postgres.url('postgres'), REDIS_URL: redis.url };
});
after(async () => {
  await postgres?.stop();
  await redis?.stop();
  folder.remove();
});

for (const [version, node] of Object.entries(NODES)) {
  describe(version, () => {
    for (const [module, program] of Object.entries(PROGRAMS)) {
      test(`${module} is measured, and ends by SIGTERM as without the agent`, async (t) => {
        const service = await startProgram(program, { node, nodeArguments: strict('-r', './otel/register'), env });
        t.after(() => service.stop());
        await assertMeasured(service);
        process.kill(service.pid, 'SIGTERM');
        assert.deepEqual(await service.exited, { code: null, signal: 'SIGTERM' });
        assert.match(service.stderr(), /^otel: metrics of \S+ on http:\S+\n$/);
      });

      test(`${module} with spans, by --import, is measured and has one span each`, async (t) => {
        const nodeArguments = strict('--import', './otel/register.js');
        const { program: service, collector, stop } = await startTraced(program, { node, nodeArguments, env });
        t.after(stop);
        await assertMeasured(service);
        const made = () => collector.spans.filter(({ traceId }) => traceId === 'a'.repeat(32));
        await until('the spans', () => made().length >= 8);
        assert.deepEqual(
          made()
            .map(({ name }) => name)
            .sort(),
          ['GET', 'GET', 'GET /orders/:id', 'GET /stock/:id', 'HGET', 'SELECT', 'pg-pool.connect', 'pg.connect'],
        );
        process.kill(service.pid, 'SIGTERM');
        assert.deepEqual(await service.exited, { code: null, signal: 'SIGTERM' });
        assert.match(service.stderr(), /^otel: metrics of \S+ on http:\S+\n$/);
      });
    }
  });
}

/** Nothing of Node.js that is deprecated, or will be, is used. */
function strict(...preload: string[]): string[] {
  return ['--throw-deprecation', '--pending-deprecation', ...preload];
}

async function assertMeasured(service: Program): Promise<void> {
  const headers = { traceparent: `00-${'a'.repeat(32)}-${CALLER}-01` };
  assert.equal(await (await fetch(`${service.url}/orders/7`, { headers })).text(), 'much');
  const page = await service.scrape();
  assert.deepEqual(requestCounts(page), { 'GET /orders/:id 200': 1, 'GET /stock/:id 200': 1 });
  assert.deepEqual(databaseCounts(page), { 'postgresql SELECT –': 1, 'redis GET –': 1, 'redis HGET –': 1 });
}
