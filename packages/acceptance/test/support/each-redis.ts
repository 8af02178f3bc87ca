import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe } from 'node:test';
import { type Redis, startRedis } from '@payments/local-stack';
import { increase, type MetricsPage, type Values } from './metrics-page.ts';
import { type Program, startProgram } from './program.ts';

/** Versions by the set of libraries that has them; those of `between` are the first that publish channels. */
export const REDIS_LIBRARIES = {
  ioredis: { current: 'ioredis 6.0', between: 'ioredis 5.11', boundary: 'ioredis 5.10', oldest: 'ioredis 4.28' },
  redis: {
    current: 'node-redis 6.3',
    between: 'node-redis 5.12',
    boundary: 'node-redis 5.11',
    oldest: 'node-redis 4.6',
  },
} as const;

export type Libraries = keyof (typeof REDIS_LIBRARIES)['redis'];

export const SETS = ['current', 'between', 'boundary', 'oldest'] as const satisfies readonly Libraries[];

/** What a step returned, and what it added to the page. */
export interface Taken {
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a step by asserting it
  readonly result: any;
  /** `GET –`, or with the error's type. */
  readonly operations: Values;
  /** `sessions GET`. */
  readonly hits: Values;
  readonly misses: Values;
}

/** What the tests of one version work with; there once they run. */
export interface RedisUnderTest {
  readonly libraries: Libraries;
  readonly server: Redis;
  readonly service: Program;
  take(step: string): Promise<Taken>;
}

export const operationsOf = (page: MetricsPage) =>
  page.values('db_client_operation_duration_seconds_count', 'db_operation_name', 'error_type');
export const hitsOf = (page: MetricsPage) => page.values('cache_hits_total', 'cache_name', 'db_operation_name');
export const missesOf = (page: MetricsPage) => page.values('cache_misses_total', 'cache_name', 'db_operation_name');

/** Takes a step of a program. */
export async function takeStep(service: Program, step: string): Promise<Taken> {
  const before = await service.scrape();
  const result = await service.step(step);
  const page = await service.scrape();
  return {
    result,
    operations: increase(operationsOf(before), operationsOf(page)),
    hits: increase(hitsOf(before), hitsOf(page)),
    misses: increase(missesOf(before), missesOf(page)),
  };
}

/** Describes what a program does with each version of a library, each on a Redis of its own. */
export function describeEachRedis(
  library: keyof typeof REDIS_LIBRARIES,
  program: string,
  env: Record<string, string>,
  tests: (redis: RedisUnderTest) => void,
): void {
  for (const libraries of SETS) {
    describe(REDIS_LIBRARIES[library][libraries], () => {
      const dataDir = mkdtempSync(join(tmpdir(), `acceptance-${library}-`));
      let server: Redis;
      let service: Program;
      before(async () => {
        server = await startRedis({ dataDir, throwAway: true });
        service = await startProgram(program, { env: { ...env, REDIS_URL: server.url, LIBRARIES: libraries } });
      });
      after(async () => {
        await service?.stop();
        await server?.stop();
        rmSync(dataDir, { recursive: true, force: true });
      });
      tests({
        libraries,
        get server() {
          return server;
        },
        get service() {
          return service;
        },
        take: (step) => takeStep(service, step),
      });
    });
  }
}
