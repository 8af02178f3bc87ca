import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Postgres, type Redis, startPostgres, startRedis } from '@payments/local-stack';
import type { MetricsPage } from './support/metrics-page.ts';
import { runProgram, startProgram } from './support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'acceptance-probe-switches-'));
let postgres: Postgres;
let redis: Redis;

before(async () => {
  postgres = await startPostgres({ dataDir: join(folder, 'postgres'), throwAway: true });
  redis = await startRedis({ dataDir: join(folder, 'redis'), throwAway: true });
});
after(async () => {
  await postgres?.stop();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** What only this probe brings to the page. */
const BRINGS: Record<string, (page: MetricsPage) => boolean> = {
  http: (page) => /^http_server_/m.test(page.text),
  express: (page) => /http_route=/.test(page.text),
  pg: (page) => /postgresql|^db_client_connection_/m.test(page.text),
  ioredis: (page) => /redis|^cache_/m.test(page.text),
  'runtime-node': (page) => /^(?:nodejs|v8js)_/m.test(page.text),
  process: (page) => /^process_/m.test(page.text),
};
const NAMES = Object.keys(BRINGS);

/** The page of a service that has used each library. */
async function pageWith(env: Record<string, string>, ...nodeArguments: string[]): Promise<MetricsPage> {
  const service = await startProgram('everything.cjs', {
    nodeArguments: ['-r', './otel/register', '--expose-gc', ...nodeArguments],
    env: { DATABASE_URL: postgres.url('postgres'), REDIS_URL: redis.url, ...env },
  });
  try {
    await (await fetch(`${service.url}/use/all`)).text();
    return await service.scrape();
  } finally {
    await service.stop();
  }
}

const broughtTo = (page: MetricsPage) => NAMES.filter((name) => BRINGS[name]?.(page));
const broughtWith = async (env: Record<string, string>) => broughtTo(await pageWith(env));

test('without a switch all is measured, and databases and caches in the same buckets', async () => {
  const page = await pageWith({});
  assert.deepEqual(broughtTo(page), NAMES);
  const buckets = (system: string) =>
    page
      .samples('db_client_operation_duration_seconds_bucket')
      .filter(({ labels }) => labels.db_system_name === system)
      .map(({ labels }) => labels.le);
  assert.ok(buckets('postgresql').length > 5);
  assert.deepEqual(buckets('redis'), buckets('postgresql'));
});

test('nothing that the probes use of Node.js is deprecated', async () => {
  assert.deepEqual(broughtTo(await pageWith({}, '--throw-deprecation')), NAMES);
});

for (const name of NAMES) {
  test(`OTEL_NODE_DISABLED_INSTRUMENTATIONS=${name} takes its metrics from the page and no others`, async () => {
    // A route is a label of the metrics of http.
    const gone = name === 'http' ? ['http', 'express'] : [name];
    assert.deepEqual(
      await broughtWith({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: name }),
      NAMES.filter((other) => !gone.includes(other)),
    );
  });

  test(`OTEL_NODE_ENABLED_INSTRUMENTATIONS=${name} leaves its metrics alone on the page`, async () => {
    const left = name === 'express' ? [] : [name];
    assert.deepEqual(await broughtWith({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: name }), left);
  });
}

test('what is both enabled and disabled is disabled', async () => {
  const env = { OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'pg,process', OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'pg' };
  assert.deepEqual(await broughtWith(env), ['process']);
});

test('a library of another shape than expected costs a line on stderr, and the service uses it', async () => {
  const library = join(folder, 'node_modules', 'ioredis');
  mkdirSync(join(library, 'built'), { recursive: true });
  writeFileSync(join(library, 'package.json'), '{ "name": "ioredis", "version": "6.99.0", "main": "built/index.js" }');
  writeFileSync(join(library, 'built', 'index.js'), 'require("./Redis.js"); exports.hello = "hello";');
  writeFileSync(join(library, 'built', 'Redis.js'), 'exports.Redis = class {};');
  writeFileSync(join(folder, 'program.cjs'), 'console.log(require("ioredis").hello);');
  const { code, stdout, stderr } = await runProgram(join(folder, 'program.cjs'));
  assert.deepEqual([code, stdout], [0, 'hello\n']);
  assert.match(stderr, /probe-ioredis failed; .*ioredis\/built\/Redis\.js is not as expected/);
});
