import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { type Postgres, type Redis, startPostgres, startRedis, throwAwayFolder } from '@payments/local-stack';
import { printedSpans } from './support/printed-spans.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

interface Exemplar {
  readonly metric: string;
  /** Upper bound of the bucket. */
  readonly le: number;
  readonly value: number;
  /** Seconds since the Unix epoch. */
  readonly time: number;
  readonly traceId: string;
  readonly spanId: string;
}

const EXEMPLAR = /^(\w+)_bucket\{.*le="([^"]+)".*\} \d+ # \{trace_id="(\w{32})",span_id="(\w{16})"\} (\S+) (\S+)$/gm;

/** The exemplars of all buckets on the page, in OpenMetrics, which is what has them. */
async function exemplarsOn(url: string): Promise<Exemplar[]> {
  const page = await (await fetch(url, { headers: { accept: 'application/openmetrics-text' } })).text();
  const found = Array.from(page.matchAll(EXEMPLAR), ([, metric = '', le, traceId = '', spanId = '', value, time]) => ({
    ...{ metric, traceId, spanId },
    ...{ le: le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), value: Number(value), time: Number(time) },
  }));
  assert.equal(found.length, page.split(' # {').length - 1, 'each exemplar of the page is read');
  return found;
}

const DATABASE = 'db_client_operation_duration_seconds';
const CLIENT = 'http_client_request_duration_seconds';

/** The span of the client that every request of these tests names as its parent. */
const CALLER = 'c'.repeat(16);

/**
 * Each operation with its metric, and the library that made the span that is active when it begins, where that is not the
 * span of the request: spans of pg, ioredis and undici are never active.
 */
const OPERATIONS = [
  ['pg', DATABASE],
  ['ioredis', DATABASE],
  ['nodeRedis', DATABASE, 'redis'],
  ['http', CLIENT, 'http'],
  ['fetch', CLIENT],
  ['undici', CLIENT],
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

/** What the tests of one filter work with; there once they run. */
interface TracedProgram {
  /** Takes a step. @returns the id of the trace of its own that it runs in */
  take(step: string, sampled?: boolean): Promise<string>;
  /** Begins a step, has others done, and waits for its end. */
  takeAround(step: string, others: () => Promise<void>): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a step by asserting it
  ask(step: string): Promise<any>;
  exemplars(): Promise<Exemplar[]>;
  exemplarsOf(traceId: string, metric: string): Promise<Exemplar[]>;
  /** The id of a span of that trace, once it is printed. */
  span(traceId: string, library: string, parent?: string): Promise<string>;
}

function describeFilter(filter: string, tests: (traced: TracedProgram) => void): void {
  describe(`OTEL_METRICS_EXEMPLAR_FILTER=${filter}`, () => {
    let service: Program;
    before(async () => {
      service = await startProgram('exemplars.cjs', { env: { ...env, OTEL_METRICS_EXEMPLAR_FILTER: filter } });
    });
    after(() => service?.stop());

    async function take(step: string, sampled = true): Promise<string> {
      const traceId = randomBytes(16).toString('hex');
      await service.step(step, { traceparent: `00-${traceId}-${CALLER}-0${sampled ? 1 : 0}` });
      return traceId;
    }
    const exemplars = async () => exemplarsOn(await service.metricsUrl());
    tests({
      take,
      async takeAround(step, others) {
        const taken = take(step);
        await others();
        return taken;
      },
      ask: (step) => service.step(step),
      exemplars,
      async exemplarsOf(traceId, metric) {
        return (await exemplars()).filter((exemplar) => exemplar.traceId === traceId && exemplar.metric === metric);
      },
      async span(traceId, library, parent) {
        const find = () =>
          printedSpans(service.stdout()).find(
            (span) => span.traceId === traceId && span.library === library && (!parent || span.parent === parent),
          );
        await until(`a span of ${library}`, async () => find() !== undefined);
        return find()?.id ?? '';
      },
    });
  });
}

describeFilter('trace_based', ({ take, takeAround, ask, exemplarsOf, span }) => {
  for (const [step, metric, own] of OPERATIONS) {
    test(`a sampled operation is remembered with its ${own ? 'own span' : "request's span"}: ${step}`, async () => {
      const earliest = Date.now();
      const trace = await take(step);
      const [exemplar, ...more] = await exemplarsOf(trace, metric);
      assert.ok(exemplar && more.length === 0, `${more.length + (exemplar ? 1 : 0)} exemplars`);
      const request = await span(trace, 'http', CALLER);
      assert.equal(exemplar.spanId, own ? await span(trace, own, request) : request);
      assert.ok(exemplar.time * 1000 >= earliest && exemplar.time * 1000 <= Date.now(), `at ${exemplar.time}`);
      assert.ok(exemplar.value > 0 && exemplar.value <= exemplar.le, `${exemplar.value} s up to ${exemplar.le} s`);
    });
  }

  test('what is not sampled is not remembered', async () => {
    for (const [step, metric] of OPERATIONS) assert.deepEqual(await exemplarsOf(await take(step, false), metric), []);
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
      [await span(trace, 'http', CALLER)],
    );
    assert.deepEqual(await exemplarsOf(holder, DATABASE), []);
  });

  test('a command that is answered because of another request belongs to its own', async () => {
    const trace = await takeAround('waitForValue', async () => {
      await until('a command that waits', async () => (await ask('blocked')) === 1);
      await take('giveValue');
    });
    const request = await span(trace, 'http', CALLER);
    const exemplars = await exemplarsOf(trace, DATABASE);
    // BRPOP, and the QUIT after it.
    assert.deepEqual(
      exemplars.map(({ spanId }) => spanId),
      [request, request],
    );
  });
});

describeFilter('always_on', ({ take, exemplarsOf, span }) => {
  for (const [step, metric, own] of OPERATIONS) {
    test(`every operation is remembered, sampled or not: ${step}`, async () => {
      const unsampled = await exemplarsOf(await take(step, false), metric);
      assert.equal(unsampled.length, 1);
      assert.match(unsampled[0]?.spanId ?? '', /^(?!0+$)[0-9a-f]{16}$/);
      assert.notEqual(unsampled[0]?.spanId, CALLER);

      const trace = await take(step);
      const [exemplar] = await exemplarsOf(trace, metric);
      const request = await span(trace, 'http', CALLER);
      assert.equal(exemplar?.spanId, own ? await span(trace, own, request) : request);
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
