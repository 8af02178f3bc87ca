import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Postgres } from '@payments/local-stack';
import { createLogger, type Database, openDatabase } from '../src/index.ts';

describe('the database', () => {
  const folder = mkdtempSync(join(tmpdir(), 'service-kit-'));
  const migrations = join(folder, 'migrations');
  const logger = createLogger('test', 'silent');
  let postgres: Postgres;
  let database: Database;

  const open = (name: string, from = migrations) => openDatabase({ url: postgres.url(name), migrations: from, logger });
  const names = async () => (await database.query<{ name: string }>('SELECT name FROM things')).map(({ name }) => name);

  before(async () => {
    mkdirSync(migrations);
    writeFileSync(join(migrations, '0001_things.sql'), 'CREATE TABLE things (name text, amount bigint);');
    writeFileSync(join(migrations, '0002_first.sql'), "INSERT INTO things VALUES ('first', 9000000000);");
    const { startPostgres } = await import('@payments/local-stack');
    postgres = await startPostgres({ dataDir: join(folder, 'postgres'), throwAway: true });
    await postgres.createDatabases(['things', 'broken']);
    // Three instances of a service that start at the same time.
    const opened = await Promise.all([open('things'), open('things'), open('things')]);
    database = opened[0];
    await Promise.all(opened.slice(1).map((other) => other.close()));
  });
  after(async () => {
    await database?.close();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has each migration once, however many instances start at once and however often', async () => {
    assert.deepEqual(await names(), ['first']);
    await (await open('things')).close();
    assert.deepEqual(await names(), ['first']);
  });

  it('gives a bigint as a number', async () => {
    assert.deepEqual(await database.query('SELECT amount FROM things'), [{ amount: 9_000_000_000 }]);
  });

  it('keeps nothing of a transaction that fails', async () => {
    const failing = database.transaction(async (client) => {
      await client.query("INSERT INTO things VALUES ('second')");
      throw new Error('changed my mind');
    });
    await assert.rejects(failing, /changed my mind/);
    assert.deepEqual(await names(), ['first']);
    assert.equal(await database.transaction(async () => 'result'), 'result');
  });

  it('survives the loss of connections, idle ones and one inside a transaction', async () => {
    const killOthers = `SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
      WHERE datname = 'things' AND pid <> pg_backend_pid()`;
    await Promise.all(Array.from({ length: 5 }, () => database.check()));
    const cut = database.transaction(async (client) => {
      await client.query("INSERT INTO things VALUES ('third')");
      await database.query(killOthers);
      // Long enough for the news to arrive while no query is running.
      while (await client.query('SELECT 1').catch(() => undefined));
      await client.query('SELECT 1');
    });
    await assert.rejects(cut);
    assert.deepEqual(await names(), ['first']);
    await database.check();
  });

  it('says why it cannot be opened', async () => {
    await assert.rejects(open('nowhere'), /the database cannot be reached: .*"nowhere" does not exist/);
    const bad = join(folder, 'bad');
    mkdirSync(bad);
    writeFileSync(join(bad, '0001_good.sql'), 'CREATE TABLE good ();');
    writeFileSync(join(bad, '0002_bad.sql'), 'CREATE TABLE good ();');
    await assert.rejects(open('broken', bad), /relation "good" already exists/);
    const repaired = await open('broken');
    assert.deepEqual(await repaired.query("SELECT to_regclass('good') AS good"), [{ good: null }]);
    await repaired.close();
  });
});
