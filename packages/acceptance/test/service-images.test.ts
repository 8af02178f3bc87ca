import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  databaseNames,
  type Postgres,
  type Redis,
  repositoryRoot,
  type ServiceName,
  serviceEnvironment,
  serviceNames,
  startPostgres,
  startRedis,
  startService,
  throwAwayFolder,
} from '@payments/local-stack';
import { scrape } from './support/metrics-page.ts';

// The steps need GNU's cp, as the image has it.
const skip = process.platform !== 'linux';
/** What is here where tests have run, and in no build: .dockerignore names it. */
const LEFT_OUT = 'test-results.json';

const folder = throwAwayFolder();
let postgres: Postgres;
let redis: Redis;

before(async () => {
  if (skip) return;
  postgres = await startPostgres({ dataDir: join(folder.path, 'postgres'), throwAway: true });
  redis = await startRedis({ dataDir: join(folder.path, 'redis'), throwAway: true });
  await postgres.createDatabases(databaseNames);
});
after(async () => {
  await postgres?.stop();
  await redis?.stop();
  folder.remove();
});

/** Does here what the Dockerfile does to gather what a service needs: the folder that the image has as /app. */
function folderOfImage(service: string): string {
  const app = join(folder.path, `image-of-${service || 'none'}`);
  const dockerfile = readFileSync(join(repositoryRoot, 'Dockerfile'), 'utf8');
  const [, steps = ''] = /^FROM build AS service\nARG SERVICE\nRUN ([\s\S]*?)\n\n/m.exec(dockerfile) ?? [];
  const script = steps
    .replace(/^ *#.*\n/gm, '')
    .replaceAll('/repository/', join(repositoryRoot, '/'))
    .replaceAll('/app', app);
  const env = { ...process.env, SERVICE: service };
  execFileSync('sh', ['-ec', script], { cwd: repositoryRoot, env, stdio: ['ignore', 'pipe', 'pipe'] });
  return app;
}

for (const name of serviceNames) {
  test(`the image of ${name} has all that it needs under the agent, and nothing of how it was built`, {
    skip,
  }, async (t) => {
    const image = folderOfImage(name);
    const found = [image, join(image, 'node_modules/@payments/service-kit')].flatMap((path) => readdirSync(path));
    const wanted = ['dist', 'migrations', 'node_modules', 'otel', 'package.json'];
    assert.deepEqual(
      found.filter((entry) => !wanted.includes(entry) && entry !== LEFT_OUT),
      [],
    );
    const service = await startService({ name, folder: image, agent: true, env: environmentOf(name) });
    t.after(() => service.stop());
    const page = await scrape(String(service.metricsUrl));
    assert.deepEqual(page.values('target_info', 'service_name'), { [name]: 1 });
    assert.deepEqual(await service.stop(), { code: 0, signal: null });
  });
}

test('an image of no service is not built, and what is missing is said', { skip }, () => {
  assert.throws(() => folderOfImage(''), /SERVICE: is not set: docker build --build-arg SERVICE=payments/);
});

function environmentOf(name: ServiceName): Record<string, string> {
  const admin = { email: 'admin@example.com', password: 'admin password for tests' };
  const system = { postgres, redis, rabbitmq: undefined, jwtSecret: 'a secret for tests, and for nothing else', admin };
  const others = Object.fromEntries(serviceNames.map((other) => [other, 'http://127.0.0.1:9']));
  return { ...serviceEnvironment(name, system, others), OTEL_EXPORTER_PROMETHEUS_PORT: '0' };
}
