import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { startPostgres, startRedis } from '@payments/local-stack';
import { askEcho, type Outcome } from './support/asked-and-answered.ts';
import { databaseCounts, type Values } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

const REQUESTS = 3_000;

describe('what goes wrong with telemetry loses and changes no answer of the service', () => {
  let bare: Program;
  let service: Program;
  let metricsUrl: string;
  before(async () => {
    bare = await startProgram('echo.cjs', { nodeArguments: [] });
    service = await startProgram('echo.cjs');
    metricsUrl = await service.metricsUrl();
  });
  after(async () => {
    const ended = await Promise.all([bare?.stop(), service?.stop()]);
    for (const each of ended) assert.deepEqual(each, { code: 0, signal: null });
  });

  /** The same requests to the service and to the bare one beside it. */
  async function askBoth(count: number, connections: number): Promise<void> {
    const all: Outcome = { answered: count, refused: 0, changed: 0, lost: 0 };
    const outcomes = await Promise.all([bare, service].map(({ url }) => askEcho(url, count, connections)));
    assert.deepEqual(outcomes, [all, all]);
  }

  test('a storm of scrapes', async () => {
    let isOver = false;
    let scrapes = 0;
    const storm = Array.from({ length: 40 }, async () => {
      while (!isOver) {
        // Beyond the limit of connections they are turned away, which is no concern of the service.
        await fetch(metricsUrl)
          .then((response) => response.text())
          .then(() => scrapes++)
          .catch(() => {});
      }
    });
    await askBoth(REQUESTS, 20);
    isOver = true;
    await Promise.all(storm);
    assert.ok(scrapes > 0);
  });

  test('scrapers that hardly read, and some that hardly ask', async () => {
    const { port, hostname } = new URL(metricsUrl);
    const sockets: Socket[] = [];
    for (let i = 0; i < 20; i++) {
      const socket = connect(Number(port), hostname).on('error', () => {});
      sockets.push(socket);
      await once(socket, 'connect');
      socket.write(i % 2 === 0 ? 'GET /metrics HTTP/1.1\r\nHost: here\r\n\r\n' : 'GET /met');
      // A byte is taken now and then; a paused socket takes what its buffer holds.
      socket.pause();
    }
    const reading = setInterval(() => {
      for (const socket of sockets) socket.read(1);
    }, 100);
    await askBoth(REQUESTS, 20);
    clearInterval(reading);
    for (const socket of sockets) socket.destroy();
    await until('a scrape is answered again', async () => (await fetch(metricsUrl)).ok);
  });

  test('thousands of different URLs, which make no series', async () => {
    await askBoth(10_000, 20);
    const page = await (await fetch(metricsUrl)).text();
    assert.equal(page.match(/^http_server_requests_total\{/gm)?.length, 1);
  });

  test('two thousand connections at once', async () => {
    await askBoth(4_000, 2_000);
    await until('no request is in flight', async () => {
      const page = await (await fetch(metricsUrl)).text();
      return /^http_server_active_requests\{.*\} 0$/m.test(page);
    });
  });
});

test('a service that has had no file descriptors left answers again when it has some', async (t) => {
  const outcomes = [];
  for (const nodeArguments of [[], ['-r', './otel/register']]) {
    const program = await startProgram('echo.cjs', { nodeArguments, limits: '-n 40' });
    t.after(() => program.stop());
    const metricsUrl = nodeArguments.length > 0 ? await program.metricsUrl() : undefined;
    const { port } = new URL(program.url);
    const sockets: Socket[] = [];
    for (let i = 0; i < 60; i++) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      sockets.push(socket);
      await once(socket, 'connect');
    }
    if (metricsUrl) await fetch(metricsUrl, { signal: AbortSignal.timeout(300) }).catch(() => {});
    for (const socket of sockets) socket.destroy();
    await until('there are descriptors again', async () =>
      fetch(program.url).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    outcomes.push(await askEcho(program.url, 100, 5), await program.stop());
    if (metricsUrl) {
      // The line of its start, and what could not be read meanwhile, each once.
      const [start = '', ...unread] = program.stderr().trimEnd().split('\n');
      assert.match(start, /^otel: metrics of /);
      for (const line of unread) assert.match(line, /^otel: a metric is left out: .*EMFILE/);
      assert.equal(new Set(unread).size, unread.length, program.stderr());
    }
  }
  const well = [
    { answered: 100, refused: 0, changed: 0, lost: 0 },
    { code: 0, signal: null },
  ];
  assert.deepEqual(outcomes, [...well, ...well]);
});

/** Ends a process and its children as nobody can prevent. */
function killed(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  for (const each of [pid, ...children.split(' ').filter(Boolean)]) process.kill(Number(each), 'SIGKILL');
}

const pidIn = (file: string) => Number.parseInt(readFileSync(file, 'utf8'), 10);

/** What a service was asked, and asked PostgreSQL and Redis, and what came of it: its page says just what it has seen itself. */
async function assertCounted(program: Program): Promise<void> {
  const { asked, answered } = await seenBy(program);
  const page = await program.scrape();
  const counts = databaseCounts(page);
  const succeeded = Object.entries(counts).filter(([key]) => key.endsWith(' –'));
  assert.deepEqual(Object.fromEntries(succeeded.map(([key, value]) => [key.slice(0, -2), value])), answered);
  assert.deepEqual(
    page.values('db_client_operation_duration_seconds_count', 'db_system_name', 'db_operation_name'),
    asked,
  );
}

async function seenBy(program: Program): Promise<Record<'asked' | 'answered', Values>> {
  const response = await fetch(`${program.url}/seen`);
  return (await response.json()) as Record<'asked' | 'answered', Values>;
}

for (const [how, end] of [
  ['are stopped', () => {}],
  [
    'are killed',
    ({ postgres, redis }: Record<'postgres' | 'redis', string>) => {
      killed(pidIn(join(postgres, 'cluster/postmaster.pid')));
      killed(pidIn(join(redis, 'redis.pid')));
    },
  ],
] as const) {
  test(`PostgreSQL and Redis ${how} and come back: what the service could not do it says, and then it can again, and all of it is counted`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'acceptance-faults-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const dataDirs = { postgres: join(folder, 'postgres'), redis: join(folder, 'redis') };
    let postgres = await startPostgres({ dataDir: dataDirs.postgres, throwAway: true });
    let redis = await startRedis({ dataDir: dataDirs.redis, throwAway: true });
    t.after(() => Promise.all([postgres.stop(), redis.stop()]));
    const env = { DATABASE_URL: postgres.url('postgres'), REDIS_URL: redis.url };
    const [bare, service] = await Promise.all([
      startProgram('stores.cjs', { nodeArguments: [], env }),
      startProgram('stores.cjs', { env }),
    ]);
    t.after(() => Promise.all([bare.stop(), service.stop()]));
    let refused = 0;
    const ask = async (program: Program, count: number) => {
      const outcome = await askEcho(program.url, count, 20);
      assert.equal(outcome.answered + outcome.refused, count, JSON.stringify(outcome));
      if (program === service) refused += outcome.refused;
      return outcome;
    };

    const load = Promise.all([bare, service].map((program) => ask(program, 8_000)));
    const { port } = postgres;
    for (const program of [bare, service])
      await until('it is under way', async () => ((await seenBy(program)).answered['redis GET'] ?? 0) > 500);
    end(dataDirs);
    await postgres.stop();
    await redis.stop();
    redis = await startRedis({ dataDir: dataDirs.redis, throwAway: true, port: Number(new URL(env.REDIS_URL).port) });
    postgres = await startPostgres({ dataDir: dataDirs.postgres, throwAway: true, port });
    for (const each of await load) assert.ok(each.refused > 0);
    for (const program of [bare, service]) {
      await until('both are back', async () => (await ask(program, 20)).answered === 20);
      assert.deepEqual(await ask(program, 200), { answered: 200, refused: 0, changed: 0, lost: 0 });
    }
    await assertCounted(service);
    const answers = (await service.scrape()).values('http_server_requests_total', 'http_response_status_code');
    assert.equal(answers['503'], refused);
    for (const program of [bare, service]) assert.deepEqual(await program.stop(), { code: 0, signal: null });
  });
}
