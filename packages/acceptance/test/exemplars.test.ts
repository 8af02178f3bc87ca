import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Postgres, type Redis, startPostgres, startRedis, throwAwayFolder } from '@payments/local-stack';
import { type Exemplar, exemplarsOn } from './support/page-exemplars.ts';
import { printedSpans } from './support/printed-spans.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

const DATABASE = 'db_client_operation_duration_seconds';
const SERVER = 'http_server_request_duration_seconds';
const CLIENT = 'http_client_request_duration_seconds';

/** The span of the client that every request of these tests names as its parent. */
const CALLER = 'c'.repeat(16);

/** Each operation with its metric, and the name of its span. */
const OPERATIONS = [
  ['pg', DATABASE, 'SELECT'],
  ['ioredis', DATABASE, 'GET'],
  ['nodeRedis', DATABASE, 'HGET'],
  ['http', CLIENT, 'GET'],
  ['fetch', CLIENT, 'POST'],
  ['undici', CLIENT, 'PUT'],
] as const;

const folder = throwAwayFolder();
let env: Record<string, string>;
let postgres: Postgres;
let redis: Redis;
let target: Upstream;
before(async () => {
  postgres = await startPostgres({ dataDir: `${folder.path}/postgres`, throwAway: true });
  redis = await startRedis({ dataDir: `${folder.path}/redis`, throwAway: true });
  target = await startUpstream();
  env = {
    DATABASE_URL: postgres.url('postgres'),
    REDIS_URL: redis.url,
    TARGET_URL: target.url,
    OTEL_TRACES_EXPORTER: 'console',
    OTEL_BSP_SCHEDULE_DELAY: '20',
  };
});
after(async () => {
  await target?.stop();
  await postgres?.stop();
  await redis?.stop();
  folder.remove();
});

interface Taking {
  readonly sampled?: boolean;
  readonly method?: string;
  /** Gives the request up. */
  readonly signal?: AbortSignal;
}

/** What the tests of one filter work with; there once they run. */
interface TracedProgram {
  /** Takes a step. @returns the id of the trace of its own that it runs in */
  take(step: string, options?: Taking): Promise<string>;
  /** Begins a step, has others done, and waits for its end. */
  takeAround(step: string, others: () => Promise<void>, options?: Taking): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a step by asserting it
  ask(step: string): Promise<any>;
  exemplars(): Promise<Exemplar[]>;
  /** Those of a request, once it is counted: a little after its client has the answer. */
  exemplarsOfRequest(traceId: string): Promise<Exemplar[]>;
  exemplarsOf(traceId: string, metric: string): Promise<Exemplar[]>;
  /** The id of the span of that trace below `parent`, once it is printed. */
  span(traceId: string, parent: string, name?: string): Promise<string>;
}

function describeFilter(filter: string, tests: (traced: TracedProgram) => void): void {
  describe(`OTEL_METRICS_EXEMPLAR_FILTER=${filter}`, () => {
    let service: Program;
    before(async () => {
      service = await startProgram('exemplars.cjs', { env: { ...env, OTEL_METRICS_EXEMPLAR_FILTER: filter } });
    });
    after(() => service?.stop());

    async function take(step: string, { sampled = true, signal, ...init }: Taking = {}): Promise<string> {
      const traceId = randomBytes(16).toString('hex');
      const headers = { traceparent: `00-${traceId}-${CALLER}-0${sampled ? 1 : 0}` };
      const taken = service.step(step, { ...init, headers, ...(signal && { signal }) });
      await taken.catch((error) => {
        if (!signal?.aborted) throw error;
      });
      return traceId;
    }
    const exemplars = async () => exemplarsOn(await service.metricsUrl());
    const exemplarsOf = async (traceId: string, metric: string) =>
      (await exemplars()).filter((exemplar) => exemplar.traceId === traceId && exemplar.metric === metric);
    tests({
      take,
      async takeAround(step, others, options) {
        const taken = take(step, options);
        await others();
        return taken;
      },
      ask: (step) => service.step(step),
      exemplars,
      exemplarsOf,
      async exemplarsOfRequest(traceId) {
        let found: Exemplar[] = [];
        await until('the exemplar of a request', async () => {
          found = await exemplarsOf(traceId, SERVER);
          return found.length > 0;
        });
        return found;
      },
      async span(traceId, parent, name) {
        const find = () =>
          printedSpans(service.stdout()).find(
            (span) => span.traceId === traceId && span.parent === parent && (!name || span.name === name),
          );
        await until(`a span ${name}`, async () => find() !== undefined);
        return find()?.id ?? '';
      },
    });
  });
}

describeFilter('trace_based', ({ take, takeAround, ask, exemplarsOf, exemplarsOfRequest, span }) => {
  for (const [step, metric, own] of OPERATIONS) {
    test(`a sampled operation is remembered with its own span: ${step}`, async () => {
      const earliest = Date.now();
      const trace = await take(step);
      const [exemplar, ...more] = await exemplarsOf(trace, metric);
      assert.ok(exemplar && more.length === 0, `${more.length + (exemplar ? 1 : 0)} exemplars`);
      const request = await span(trace, CALLER);
      assert.equal(exemplar.spanId, await span(trace, request, own));
      const at = Math.round(exemplar.time * 1000);
      assert.ok(at >= earliest && at <= Date.now(), `at ${exemplar.time}`);
      assert.ok(exemplar.value > 0 && exemplar.value <= exemplar.le, `${exemplar.value} s up to ${exemplar.le} s`);
    });
  }

  test('what is not sampled is not remembered', async () => {
    for (const [step, metric] of OPERATIONS)
      assert.deepEqual(await exemplarsOf(await take(step, { sampled: false }), metric), []);
  });

  test('a request is remembered with its span, whatever is active when its answer is written', async () => {
    await take('holdConnection');
    const giveBack = async () => {
      await until('a query that waits', async () => (await ask('waiting')) === 1);
      await take('giveConnectionBack');
    };
    const trace = await takeAround('waitForConnection', giveBack, { method: 'PUT' });
    const exemplars = await exemplarsOfRequest(trace);
    assert.deepEqual(
      exemplars.map(({ spanId }) => spanId),
      [await span(trace, CALLER)],
    );
  });

  test('a request that its client gave up is remembered with its span', async () => {
    const client = new AbortController();
    const giveUp = async () => {
      await until('a command that waits', async () => (await ask('blocked')) === 1);
      client.abort();
    };
    const trace = await takeAround('waitForValue', giveUp, { signal: client.signal });
    const exemplars = await exemplarsOfRequest(trace);
    await take('giveValue');
    assert.deepEqual(
      exemplars.map(({ spanId }) => spanId),
      [await span(trace, CALLER)],
    );
  });

  test('a query that waited for the connection of another request belongs to its own', async () => {
    const holder = await take('holdConnection');
    const trace = await takeAround('waitForConnection', async () => {
      await until('a query that waits', async () => (await ask('waiting')) === 1);
      await take('giveConnectionBack');
    });
    const exemplars = await exemplarsOf(trace, DATABASE);
    assert.deepEqual(
      exemplars.map(({ spanId }) => spanId),
      [await span(trace, await span(trace, CALLER), 'UPDATE pg_class')],
    );
    assert.deepEqual(await exemplarsOf(holder, DATABASE), []);
  });

  test('a command that is answered because of another request belongs to its own', async () => {
    const trace = await takeAround('waitForValue', async () => {
      await until('a command that waits', async () => (await ask('blocked')) === 1);
      await take('giveValue');
    });
    const request = await span(trace, CALLER);
    const exemplars = await exemplarsOf(trace, DATABASE);
    const own = [await span(trace, request, 'BRPOP'), await span(trace, request, 'QUIT')];
    assert.deepEqual(exemplars.map(({ spanId }) => spanId).sort(), own.sort());
  });
});

describeFilter('always_on', ({ take, exemplarsOf, exemplarsOfRequest, span }) => {
  test('every request is remembered, sampled or not', async () => {
    assert.equal((await exemplarsOfRequest(await take('ioredis', { sampled: false }))).length, 1);
    assert.equal((await exemplarsOfRequest(await take('ioredis'))).length, 1);
  });

  for (const [step, metric, own] of OPERATIONS) {
    test(`every operation is remembered, sampled or not: ${step}`, async () => {
      const unsampled = await exemplarsOf(await take(step, { sampled: false }), metric);
      assert.equal(unsampled.length, 1);
      assert.match(unsampled[0]?.spanId ?? '', /^(?!0+$)[0-9a-f]{16}$/);
      assert.notEqual(unsampled[0]?.spanId, CALLER);

      const trace = await take(step);
      const [exemplar] = await exemplarsOf(trace, metric);
      const request = await span(trace, CALLER);
      assert.equal(exemplar?.spanId, await span(trace, request, own));
    });
  }
});

describeFilter('always_off', ({ take, exemplars }) => {
  test('nothing is remembered', async () => {
    for (const [step] of OPERATIONS) await take(step);
    assert.deepEqual(await exemplars(), []);
  });
});

test('without spans there is nothing to remember, whatever the filter', async () => {
  const service = await startProgram('exemplars.cjs', {
    env: { ...env, OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXEMPLAR_FILTER: 'always_on' },
  });
  try {
    for (const [step] of OPERATIONS) await service.step(step);
    assert.deepEqual(await exemplarsOn(await service.metricsUrl()), []);
  } finally {
    await service.stop();
  }
});
