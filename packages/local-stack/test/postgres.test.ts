import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { externalPostgres, startPostgres } from '@payments/local-stack';
import pg from 'pg';
import { temporaryFolder } from './temporary-folder.ts';

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

test('data in PostgreSQL survives a restart', async (t) => {
  const dataDir = temporaryFolder();
  const first = await startPostgres({ dataDir });
  await first.createDatabases(['shop']);
  await query(first.url('shop'), 'CREATE TABLE item AS SELECT 42 AS n');
  await first.stop();

  const second = await startPostgres({ dataDir });
  t.after(() => second.stop());
  await second.createDatabases(['shop', 'archive']);
  assert.deepEqual(await query(second.url('shop'), 'SELECT n FROM item'), [{ n: 42 }]);
  assert.deepEqual(await query(second.url('archive'), 'SELECT 1 AS one'), [{ one: 1 }]);
});

test('a pid file that a killed run left behind does not keep PostgreSQL from starting', async (t) => {
  const dataDir = temporaryFolder();
  await (await startPostgres({ dataDir, throwAway: true })).stop();
  // A pid that is in use, but not by a PostgreSQL.
  writeFileSync(join(dataDir, 'cluster', 'postmaster.pid'), `${process.pid}\n`);
  const postgres = await startPostgres({ dataDir, throwAway: true });
  t.after(() => postgres.stop());
  assert.equal((await query(postgres.url('postgres'), 'SELECT 1')).length, 1);
});

test('a PostgreSQL whose parent was killed is found by the next start, and its data is kept', async (t) => {
  const dataDir = temporaryFolder();
  const script = `
    import { startPostgres } from '@payments/local-stack';
    const postgres = await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, throwAway: true });
    await postgres.createDatabases(['shop']);
    process.kill(process.pid, 'SIGKILL');`;
  const killed = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
    cwd: import.meta.dirname,
  });
  await assert.rejects(killed, { signal: 'SIGKILL' });
  const leftOver = Number(readFileSync(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(leftOver, 0);

  const postgres = await startPostgres({ dataDir, throwAway: true });
  t.after(() => postgres.stop());
  assert.throws(() => process.kill(leftOver, 0), { code: 'ESRCH' });
  assert.equal((await query(postgres.url('shop'), 'SELECT 1')).length, 1);
});

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${signal} to a program that handles no signals takes its PostgreSQL along`, async () => {
    const dataDir = temporaryFolder();
    const script = `
      import { startPostgres } from '@payments/local-stack';
      await startPostgres({ dataDir: ${JSON.stringify(dataDir)}, throwAway: true });
      process.kill(process.pid, '${signal}');
      setInterval(() => {}, 1000);`;
    const ended = promisify(execFile)(process.execPath, ['--input-type=module', '-e', script], {
      cwd: import.meta.dirname,
    });
    await assert.rejects(ended, { code: 128 + constants.signals[signal] });
    const pidFile = join(dataDir, 'cluster', 'postmaster.pid');
    while (existsSync(pidFile)) await new Promise((resolve) => setTimeout(resolve, 20));
  });
}

test('several PostgreSQL servers run side by side', async (t) => {
  const servers = await Promise.all([1, 2].map(() => startPostgres({ dataDir: temporaryFolder(), throwAway: true })));
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  const ports = servers.map((server) => server.port);
  assert.equal(new Set(ports).size, 2);
});

test('PostgreSQL asks for its password', async (t) => {
  const postgres = await startPostgres({ dataDir: temporaryFolder(), throwAway: true });
  t.after(() => postgres.stop());
  const stranger = new URL(postgres.url('postgres'));
  stranger.password = 'guessed';
  await assert.rejects(query(stranger.href, 'SELECT 1'), { code: '28P01' });
});

test('a taken port is named in the error, and nothing is left running', async (t) => {
  const first = await startPostgres({ dataDir: temporaryFolder(), throwAway: true });
  t.after(() => first.stop());
  const dataDir = temporaryFolder();
  await assert.rejects(
    startPostgres({ dataDir, port: first.port, throwAway: true }),
    new RegExp(`port ${first.port}.*in use`, 's'),
  );
  assert.ok(!existsSync(join(dataDir, 'cluster', 'postmaster.pid')));
});

test('a new data folder holds the cluster and its password, and nothing half-made', async () => {
  const dataDir = temporaryFolder();
  const first = await startPostgres({ dataDir, throwAway: true });
  await first.stop();
  assert.deepEqual(readdirSync(dataDir).sort(), ['cluster', 'password']);
});

test('databases are made on a server that somebody else runs, and it is left running', async (t) => {
  const theirs = await startPostgres({ dataDir: temporaryFolder(), throwAway: true });
  t.after(() => theirs.stop());
  const postgres = externalPostgres(theirs.url('postgres'));
  await postgres.createDatabases(['auth', 'payments']);
  await postgres.stop();
  assert.equal((await query(postgres.url('payments'), 'SELECT 1')).length, 1);
});
