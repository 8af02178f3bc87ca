import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  type ManagedProcess,
  type RunningSystem,
  type Stack,
  serviceNames,
  startProcess,
  startStack,
  waitForOutput,
} from '@payments/local-stack';
import pg from 'pg';
import { increase, requestCounts, scrape, scrapeAtRest } from './support/metrics-page.ts';
import { until } from './support/until.ts';

let load: ManagedProcess;
afterEach(() => load?.stop());

/** What scripts/load.mjs runs after its set-up, with what it found of `npm start`. */
async function startLoad(args: string[], system?: RunningSystem): Promise<void> {
  const program = `import { runLoad } from '@payments/local-stack';
    process.exitCode = await runLoad(process.argv.slice(1), process.env, ${JSON.stringify(system)});`;
  load = await startProcess(process.execPath, ['--input-type=module', '-e', program, '--', ...args], {
    cwd: import.meta.dirname,
  });
}

const said = (what: RegExp) => waitForOutput(load, String(what), () => what.test(load.stdout()) || undefined, 60_000);

describe('with the system running', () => {
  let stack: Stack;
  let system: Required<RunningSystem>;
  let observer: pg.Client;
  before(async () => {
    stack = await startStack({ agent: true, env: { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' } });
    const services = serviceNames.map((name) => [
      name,
      { url: stack.services[name].url, pid: stack.services[name].pid },
    ]);
    system = {
      services: Object.fromEntries(services),
      postgres: stack.postgres.url('payments'),
      redis: stack.redis.url,
    };
    observer = new pg.Client({ connectionString: system.postgres });
    await observer.connect();
  });
  after(async () => {
    await observer?.end();
    await stack?.stop();
  });

  const play = (name: string, seconds: number) =>
    startLoad(['--scenario', name, '--duration', String(seconds), '--rate', '30', '--users', '25'], system);
  const page = (name: keyof Stack['services']) => scrape(`${stack.services[name].url}/metrics`);

  async function lookups() {
    const payments = await page('payments');
    const sum = (name: string) => payments.values(name)[''] ?? 0;
    return { hits: sum('cache_hits_total'), misses: sum('cache_misses_total') };
  }

  async function sessionsOfTheScenario(): Promise<number> {
    const { rowCount } = await observer.query('SELECT FROM pg_stat_activity WHERE application_name LIKE $1', [
      'load %',
    ]);
    return Number(rowCount);
  }

  /** Linux' letter for it: `T` is stopped. */
  const stateOfProfile = () => readFileSync(`/proc/${stack.services.profile.pid}/stat`, 'utf8').split(') ')[1]?.[0];

  async function errorsOfProfile(): Promise<number> {
    const errors = (await page('api-gateway')).values('http_server_errors_total', 'http_route', 'error_type');
    const routes = Object.entries(errors).filter(([key]) => /^\/profile\S* 504$/.test(key));
    return routes.reduce((sum, [, count]) => sum + count, 0);
  }

  async function paymentsRead(): Promise<number> {
    const counts = requestCounts(await page('api-gateway'));
    return counts['GET /payments/:id 200'] ?? 0;
  }

  const profileAnswers = async () => {
    const { ok } = await fetch(`${stack.services.profile.url}/health/ready`);
    return ok;
  };

  test('cache-collapse: what Redis holds is not found while it lasts, and is found again', async () => {
    await play('cache-collapse', 20);
    const marks = [await lookups()];
    for (const part of [/Redis forgets/, /Redis keeps/]) {
      await said(part);
      marks.push(await lookups());
    }
    assert.deepEqual(await load.exited, { code: 0, signal: null }, load.stdout() + load.stderr());
    marks.push(await lookups());
    const [ratioBefore = 0, ratioDuring = 1, ratioAfter = 0] = marks.slice(1).map((mark, index) => {
      const { hits = 0, misses = 0 } = increase(marks[index] ?? {}, mark);
      return hits / (hits + misses);
    });
    assert.ok(ratioDuring < ratioBefore / 2 && ratioDuring < ratioAfter / 2, JSON.stringify(marks));
    const [, ...rows] =
      /^ +requests +errors +p95 +cache hits .*(?:\n(?:before|during|after) .*){3}$/m
        .exec(load.stdout())?.[0]
        .split('\n') ?? [];
    const told = rows.map((row) => Number(/ (\d+) % /.exec(row)?.[1]));
    const [before = 0, during = 100, after = 0] = told;
    assert.ok(told.length === 3 && during < before && during < after, load.stdout());
  });

  test('slow-query: requests wait for a connection while it lasts, none does after it, and no lock stays', async () => {
    await play('slow-query', 60);
    await said(/locks the table of payments/);
    await until('a request that waits for a connection', async () => {
      const payments = await page('payments');
      return Object.values(payments.values('db_client_connection_pending_requests')).some((waiting) => waiting > 0);
    });
    load.kill('SIGINT');
    assert.deepEqual(await load.exited, { code: 0, signal: null }, load.stdout() + load.stderr());
    await until('its session has ended', async () => (await sessionsOfTheScenario()) === 0);
    const payments = await scrapeAtRest(`${stack.services.payments.url}/metrics`);
    assert.deepEqual(Object.values(payments.values('db_client_connection_pending_requests')), [0]);
  });

  test('slow-query: PostgreSQL takes the lock back from a scenario that is killed', async () => {
    await play('slow-query', 8);
    await said(/locks the table of payments/);
    await until('the session that locks', async () => (await sessionsOfTheScenario()) > 0);
    load.kill('SIGKILL');
    await until('the end of the session', async () => (await sessionsOfTheScenario()) === 0);
    await observer.query('SELECT FROM payments LIMIT 1');
  });

  test('failing-dependency: the gateway counts 504 for profile, the rest goes on, and so does profile after it', async () => {
    const before = await errorsOfProfile();
    await play('failing-dependency', 24);
    await said(/Profile stands still/);
    await until('profile stopped', async () => stateOfProfile() === 'T');
    const paid = await paymentsRead();
    await until('a 504', async () => (await errorsOfProfile()) > before);
    await until('payments read meanwhile', async () => (await paymentsRead()) > paid);
    await said(/Profile goes on/);
    assert.notEqual(stateOfProfile(), 'T');
    assert.deepEqual(await load.exited, { code: 0, signal: null }, load.stdout() + load.stderr());
    await scrapeAtRest(`${stack.services['api-gateway'].url}/metrics`);
    const counted = await errorsOfProfile();
    assert.ok(await profileAnswers());
    assert.equal(await errorsOfProfile(), counted);
  });

  test('Ctrl-C ends a scenario when it has undone what it did', async () => {
    await play('failing-dependency', 8);
    await said(/Profile stands still/);
    await until('profile stopped', async () => stateOfProfile() === 'T');
    load.kill('SIGINT');
    assert.deepEqual(await load.exited, { code: 0, signal: null }, load.stdout() + load.stderr());
    assert.notEqual(stateOfProfile(), 'T');
    assert.ok(await profileAnswers());
  });

  test('failing-dependency: a process of its own lets profile go on when the scenario is killed', async () => {
    await play('failing-dependency', 8);
    await said(/Profile stands still/);
    await until('profile stopped', async () => stateOfProfile() === 'T');
    load.kill('SIGKILL');
    await until('profile running', async () => stateOfProfile() !== 'T');
    assert.ok(await profileAnswers());
  });

  test('a scenario that cannot be played says why, and the traffic ends with it', async () => {
    await startLoad(['--scenario', 'failing-dependency', '--duration', '4'], {
      ...system,
      services: { ...system.services, profile: { url: stack.url, pid: process.pid } },
    });
    assert.equal((await load.exited).code, 1);
    assert.match(
      load.stderr(),
      new RegExp(`^failing-dependency could not be played: profile, process ${process.pid}, does not run: .*\n$`),
    );
  });

  for (const [name, part, variable, title] of [
    ['cache-collapse', 'redis', 'REDIS_URL', 'Redis'],
    ['slow-query', 'postgres', 'DATABASE_URL', 'PostgreSQL'],
  ] as const) {
    test(`${name} is refused where ${variable} names a server of somebody else`, async () => {
      const { [part]: _, ...others } = system;
      await startLoad(['--scenario', name], others);
      assert.equal((await load.exited).code, 1);
      assert.equal(
        load.stderr(),
        `${name} is for the system that npm start runs on this machine with a ${title} of its own: start it without ${variable}.\n`,
      );
    });
  }

  test('a scenario is refused where npm start runs nothing, whatever answers as the gateway', async () => {
    await startLoad(['--scenario', 'slow-query']);
    assert.equal((await load.exited).code, 1);
    assert.match(load.stderr(), /^slow-query is for the system that npm start runs on this machine, and .*\n$/);
  });
});

test('npm run load -- --help says of each scenario what one will see, in metrics that there are', async () => {
  await startLoad(['--help']);
  await load.exited;
  for (const name of ['cache-collapse', 'slow-query', 'failing-dependency'])
    assert.match(load.stdout(), new RegExp(name));
  const documented = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
  const named = load.stdout().match(/\b(cache|db|http)_[a-z_]+/g) ?? [];
  assert.ok(named.length > 5);
  for (const name of named)
    assert.ok(documented.includes(`\`${name.replace(/_count$/, '')}`) || documented.includes(name), name);
});

test('npm run load names a scenario that it does not know, and those that it does', async () => {
  await startLoad(['--scenario', 'flood']);
  assert.equal((await load.exited).code, 1);
  assert.equal(
    load.stderr(),
    '--scenario is "flood": expected one of cache-collapse, slow-query, failing-dependency\n',
  );
});
