import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import {
  freePort,
  type Postgres,
  type Rabbitmq,
  type Redis,
  startPostgres,
  startRabbitmq,
  startRedis,
  throwAwayFolder,
} from '@payments/local-stack';
import { CALLER, outline, startTraced } from './support/traced-program.ts';
import { until } from './support/until.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const folder = throwAwayFolder();
let postgres: Postgres;
let redis: Redis;
let rabbitmq: Rabbitmq;
let target: Upstream;
before(async () => {
  postgres = await startPostgres({ dataDir: `${folder.path}/postgres`, throwAway: true });
  redis = await startRedis({ dataDir: `${folder.path}/redis`, throwAway: true });
  rabbitmq = await startRabbitmq({ dataDir: `${folder.path}/rabbitmq`, port: await freePort() });
  target = await startUpstream();
});
after(async () => {
  await target?.stop();
  await rabbitmq?.stop();
  await redis?.stop();
  await postgres?.stop();
  folder.remove();
});

for (const libraries of ['current', 'oldest']) {
  for (const [how, program, nodeArguments] of [
    ['CommonJS, -r', 'one-trace-commonjs.cjs', ['-r', './otel/register']],
    ['ESM, -r', `../libraries/${libraries}/one-trace.mjs`, ['-r', './otel/register']],
    ['ESM, --import', `../libraries/${libraries}/one-trace.mjs`, ['--import', './otel/register.js']],
  ] as const) {
    test(`a request is one trace through two services, databases, servers and a broker (${libraries} libraries, ${how})`, async () => {
      const traced = await startTraced(program, {
        nodeArguments: [...nodeArguments],
        env: {
          LIBRARIES: libraries,
          DATABASE_URL: postgres.url('postgres'),
          REDIS_URL: redis.url,
          RABBITMQ_URL: rabbitmq.url,
          TARGET_URL: target.url,
        },
      });
      try {
        const id = randomBytes(16).toString('hex');
        const asked = target.received.length;
        const response = await fetch(`${traced.program.url}/`, {
          headers: { traceparent: `00-${id}-${CALLER}-01`, baggage: 'user=42' },
        });
        assert.equal(await response.text(), 'paid');
        await until('all spans', async () => {
          const names = traced.spansOf(id).map(({ name }) => name);
          return names.includes('GET /') && names.includes('process payments');
        });
        assert.deepEqual(outline(traced.spansOf(id), CALLER), [
          'GET /',
          '  GET',
          '    GET /payments/:id',
          '      GET',
          '      HGET',
          '      POST',
          '      PUT',
          '      SELECT',
          '      pg-pool.connect',
          '      publish payments',
          '        process payments',
          '          SET',
        ]);
        for (const { headers } of target.received.slice(asked)) {
          assert.ok(headers.traceparent?.toString().startsWith(`00-${id}-`));
          assert.equal(headers.baggage, 'user=42');
        }
      } finally {
        await traced.stop();
      }
    });
  }
}
