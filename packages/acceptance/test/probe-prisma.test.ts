import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { type Postgres, startPostgres } from '@payments/local-stack';
import { operationCounts } from './support/each-pg.ts';
import { increase, type MetricsPage } from './support/metrics-page.ts';
import { generatePrismaClient, type PrismaMajor } from './support/prisma-client.ts';
import { type Program, startProgram } from './support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'acceptance-probe-prisma-'));
let server: Postgres;
before(async () => {
  server = await startPostgres({ dataDir: join(folder, 'postgres'), throwAway: true });
});
after(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const prismaCounts = (page: MetricsPage) =>
  page.values('prisma_client_operation_duration_seconds_count', 'prisma_model', 'prisma_action', 'error_type');

const TITLES: Record<PrismaMajor, string> = {
  5: 'Prisma 5 with its own engine',
  6: 'Prisma 6 on pg',
  7: 'Prisma 7 on pg',
};

for (const [key, title] of Object.entries(TITLES)) {
  const major = Number(key) as PrismaMajor;
  describe(title, () => {
    let service: Program;
    before(async () => {
      const database = `prisma${major}`;
      await server.createDatabases([database]);
      const generated = await generatePrismaClient(major, join(folder, database));
      service = await startProgram('prisma.cjs', { env: { ...generated, DATABASE_URL: server.url(database) } });
      await service.step('create');
    });
    after(() => service?.stop());

    /** Takes a step: what it returned, and what it added to the page. */
    async function take(step: string) {
      const before = await service.scrape();
      const result = await service.step(step);
      const page = await service.scrape();
      return {
        result,
        prisma: increase(prismaCounts(before), prismaCounts(page)),
        queries: increase(operationCounts(before), operationCounts(page)),
      };
    }

    test('an operation counts once by model and action', async () => {
      const { result, prisma } = await take('work');
      assert.equal(result, 1);
      assert.deepEqual(prisma, {
        'Person create –': 1,
        'Person findUnique –': 1,
        'Person count –': 1,
        'Letter create –': 1,
        '– queryRaw –': 1,
      });
    });

    test('an operation that fails says its code, or the class of its error', async () => {
      const { result, prisma } = await take('errors');
      assert.deepEqual(result, ['P2002', 'P2025']);
      assert.deepEqual(prisma, {
        'Person create P2002': 1,
        'Person delete P2025': 1,
        'Person findMany PrismaClientValidationError': 1,
      });
    });

    test('operations in transactions count like others, and their queries once', async () => {
      const { result, prisma, queries } = await take('transactions');
      assert.equal(result, 'not this time');
      assert.deepEqual(prisma, {
        'Person count –': 1,
        'Letter count –': 1,
        'Person update –': 1,
        'Letter deleteMany –': 1,
      });
      assert.deepEqual(
        { begin: queries['BEGIN –'], commit: queries['COMMIT –'], rollback: queries['ROLLBACK –'] },
        { begin: 3, commit: 2, rollback: 1 },
      );
    });

    test('extensions of the service are no operations of their own', async () => {
      const { result, prisma } = await take('extended');
      assert.equal(result, 1);
      assert.deepEqual(prisma, { 'Person findMany –': 1, 'Person findFirst –': 1 });
    });

    test('a rejection that nobody handles is seen by the service', async () => {
      const { result, prisma } = await take('unhandled');
      assert.deepEqual([result, prisma], ['P2002', { 'Person create P2002': 1 }]);
    });

    test('a tracer of the service goes on as it is, and each operation counts once beside it', async () => {
      const { result, prisma } = await take('traced');
      assert.equal(result, major === 5 ? 0 : 2);
      assert.deepEqual(prisma, { 'Person count –': 4 });
    });
  });
}
