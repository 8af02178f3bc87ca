import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { type Postgres, startPostgres } from '@payments/local-stack';
import { increase, type MetricsPage, type Values } from './metrics-page.ts';
import { type Program, startProgram } from './program.ts';

/** Versions of pg by the set of libraries that has them. */
const VERSIONS = { current: 'pg 8.23', oldest: 'pg 8.7' } as const;

/** What a step returned, and the {@link operationCounts} that it added. */
export interface Taken {
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a step by asserting it
  readonly result: any;
  readonly operations: Values;
}

/** What the tests of one version work with; there once they run. */
export interface PgUnderTest {
  readonly libraries: keyof typeof VERSIONS;
  readonly server: Postgres;
  /** The program, on a database of its own that is called after the set of libraries. */
  readonly service: Program;
  take(step: string): Promise<Taken>;
  /** Does something while the server is away. */
  withoutServer(work: () => Promise<void>): Promise<void>;
}

/** Describes what a program does with each version of pg that is tested, on a PostgreSQL of the test file's own. */
export function describeEachPg(program: string, tests: (pg: PgUnderTest) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'acceptance-pg-'));
  let server: Postgres;
  const start = async (port?: number) => {
    server = await startPostgres({ dataDir: join(folder, 'postgres'), throwAway: true, ...(port && { port }) });
  };
  before(() => start());
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const libraries of Object.keys(VERSIONS) as (keyof typeof VERSIONS)[]) {
    describe(VERSIONS[libraries], () => {
      let service: Program;
      before(async () => {
        await server.createDatabases([libraries]);
        service = await startProgram(program, {
          env: { DATABASE_URL: server.url(libraries), LIBRARIES: libraries },
        });
      });
      after(() => service?.stop());
      tests({
        libraries,
        get server() {
          return server;
        },
        get service() {
          return service;
        },
        take: (step) => takeStep(service, step),
        async withoutServer(work) {
          await server.stop();
          await work().finally(() => start(server.port));
        },
      });
    });
  }
}

/** Takes a step of a program. */
export async function takeStep(service: Program, step: string): Promise<Taken> {
  const before = operationCounts(await service.scrape());
  const result = await service.step(step);
  return { result, operations: increase(before, operationCounts(await service.scrape())) };
}

/** How often each operation came to which end: `SELECT –` and `SELECT 22012`. */
export const operationCounts = (page: MetricsPage) =>
  page.values('db_client_operation_duration_seconds_count', 'db_operation_name', 'error_type');
