import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Postgres, startPostgres } from '@payments/local-stack';
import pg from 'pg';
import { countOf } from './support/asked.ts';
import { operationCounts } from './support/each-pg.ts';
import { increase, type MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { type Truth, watchPostgres } from './support/server-truth.ts';

const folder = mkdtempSync(join(tmpdir(), 'acceptance-probe-pg-orms-'));
const postgresLog = join(folder, 'postgres.log');
let server: Postgres;
let own: pg.Pool;
let truth: Truth;
let service: Program;

before(async () => {
  server = await startPostgres({ dataDir: join(folder, 'postgres'), throwAway: true, logFile: postgresLog });
  await server.createDatabases(['orms']);
  own = new pg.Pool({ connectionString: server.url('orms'), options: '-c log_statement=none' });
  // A pool has ended before its connections are closed, and PostgreSQL may close them first.
  own.on('error', () => {});
  truth = await watchPostgres({ postgresLog, database: () => own }, 'orms');
  service = await startProgram('orms.cjs', { env: { DATABASE_URL: server.url('orms') } });
});
after(async () => {
  await service?.stop();
  await own?.end();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const transactions = (page: MetricsPage) =>
  page.values('db_client_transaction_duration_seconds_count', 'db_transaction_outcome');

/** What each has to have asked at the least; what else, PostgreSQL knows. */
const ASKED = 'CREATE INSERT INSERT SELECT UPDATE DELETE ROLLBACK';

for (const orm of ['knex', 'sequelize', 'typeorm', 'drizzle', 'kysely']) {
  test(`each query of ${orm} counts once, as PostgreSQL saw it`, async () => {
    const before = await service.scrape();
    const seenBefore = await truth();
    await service.step(orm);
    const page = await service.scrape();
    const operations = increase(operationCounts(before), operationCounts(page));
    const { 'INSERT 23505': refused, ...succeeded } = operations;
    assert.equal(refused, 1);

    const counted = Object.entries(operations).flatMap(([key, count]) => Array(count).fill(key.split(' ')[0]));
    assert.deepEqual(countOf(counted), increase(seenBefore, await truth()));
    for (const [word, count] of Object.entries(countOf(ASKED.split(' ')))) {
      const found = succeeded[`${word} –`] ?? 0;
      assert.ok(found >= count, `${word}: ${found}`);
    }
    assert.deepEqual(increase(transactions(before), transactions(page)), { rollback: 1 });
  });
}
