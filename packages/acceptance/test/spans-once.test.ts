import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { type Postgres, type Redis, startPostgres, startRedis, throwAwayFolder } from '@payments/local-stack';
import { printedSpans } from './support/printed-spans.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const folder = throwAwayFolder();
let postgres: Postgres;
let redis: Redis;
let target: Upstream;
let service: Program;
before(async () => {
  postgres = await startPostgres({ dataDir: `${folder.path}/postgres`, throwAway: true });
  redis = await startRedis({ dataDir: `${folder.path}/redis`, throwAway: true });
  target = await startUpstream();
  service = await startProgram('exemplars.cjs', {
    env: {
      DATABASE_URL: postgres.url('postgres'),
      REDIS_URL: redis.url,
      TARGET_URL: target.url,
      OTEL_TRACES_EXPORTER: 'console',
      OTEL_BSP_SCHEDULE_DELAY: '20',
    },
  });
});
after(async () => {
  await service?.stop();
  await target?.stop();
  await postgres?.stop();
  await redis?.stop();
  folder.remove();
});

const CALLER = 'c'.repeat(16);

for (const [step, ...names] of [
  ['pg', 'pg-pool.connect', 'pg.connect', 'SELECT'],
  ['ioredis', 'GET'],
  ['nodeRedis', 'HGET'],
  ['http', 'GET'],
  ['fetch', 'POST'],
  ['undici', 'PUT'],
] as const) {
  test(`what the probes watch has one span each: ${step}`, async () => {
    const traceId = randomBytes(16).toString('hex');
    await service.step(step, { headers: { traceparent: `00-${traceId}-${CALLER}-01` } });
    const spans = () => printedSpans(service.stdout()).filter((span) => span.traceId === traceId);
    // The request's own is the last one to end.
    await until('the span of the request', async () => spans().some(({ parent }) => parent === CALLER));
    const made = spans().filter(({ parent }) => parent !== CALLER);
    assert.deepEqual(made.map(({ name }) => name).sort(), [...names].sort());
  });
}
