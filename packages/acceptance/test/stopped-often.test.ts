import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { freePort, type Postgres, type Redis, startPostgres, startRedis, throwAwayFolder } from '@payments/local-stack';
import { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';

const folder = throwAwayFolder();
let postgres: Postgres;
let redis: Redis;
before(async () => {
  postgres = await startPostgres({ dataDir: join(folder.path, 'postgres'), throwAway: true });
  redis = await startRedis({ dataDir: join(folder.path, 'redis'), throwAway: true });
});
after(async () => {
  await postgres?.stop();
  await redis?.stop();
  folder.remove();
});

async function service(env: Record<string, string> = {}): Promise<Program> {
  return startProgram('stopped-often.cjs', {
    nodeArguments: ['--expose-gc'],
    env: {
      DATABASE_URL: postgres.url('postgres'),
      REDIS_URL: redis.url,
      OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()),
      ...env,
    },
  });
}

/** What is left of an agent that was stopped is what there was without it. */
// biome-ignore lint/suspicious/noExplicitAny: what a step of the program says
function assertNothingLeft({ resources, listeners, symbols, ...left }: any): void {
  const nothing = { changedBuiltins: [], changedLibraries: [], subscribed: [], files: [], forThreads: null };
  assert.deepEqual(left, { ...nothing, api: ['version'] });
}

test('an agent that is started and stopped 1,000 times in a process leaves nothing behind', async (t) => {
  const program = await service();
  t.after(() => program.stop());
  const hundred = async () => {
    const { served, page } = await program.step('rounds');
    assert.equal(served, 300);
    await program.step('stop');
    return new MetricsPage(page).values('http_server_requests_total', 'http_response_status_code');
  };
  await hundred();
  await hundred();
  const [left, open] = [await program.step('left'), await program.step('open')];
  assertNothingLeft(left);
  for (let i = 2; i < 10; i++) await hundred();
  assert.deepEqual(await program.step('left'), left);
  assert.equal(await program.step('open'), open);
});
