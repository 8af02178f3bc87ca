// An hour of a service that has a hundred requests a second, in minutes. SOAK_HOUR_REQUESTS makes it shorter or longer.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { throwAwayFolder } from '@payments/local-stack';
import { type Collector, startCollector } from '../test/support/collector.ts';
import { throwAwayDatabases } from '../test/support/databases.ts';
import { type Program, startProgram } from '../test/support/program.ts';
import { until } from '../test/support/until.ts';
import { contentOf, grown, type HeapContent } from './heap-snapshot.ts';
import { traffic } from './hour-of-traffic.ts';

const REQUESTS = Number(process.env.SOAK_HOUR_REQUESTS ?? 360_000);

/** Of requests: every table is full then, of 2,000 series or names of caches, and V8 has compiled what is hot. */
const WARM_UP = 10_000;

/** Most bytes that what is in the heap may have grown by in the second half hour, and so with what V8 has of the code, which it makes anew. */
const MOST_GROWTH = 128 * 1024;
const MOST_GROWTH_WITH_CODE = 1024 * 1024;

/** So many more objects of one kind after half an hour, which has 120 scrapes, are a leak. */
const LEAK = 100;

/** Connections of a service that has nothing to do: ten to PostgreSQL, one to Redis, and the one that asks. */
const AT_REST = { PipeWrap: 2, TCPSocketWrap: 12, TCPServerWrap: 1 };

const databases = throwAwayDatabases();
const folder = throwAwayFolder();
after(() => folder.remove());

/** What hour.cjs says that it holds on to. */
interface Held {
  /** Bytes in use after a garbage collection. */
  readonly heap: number;
  /** What keeps the process alive, and the listeners of `process`, by their kinds. */
  readonly resources: Record<string, number>;
  readonly listeners: Record<string, number>;
}

/** The kind of a span of a request that is answered. */
const SERVER = 2;

/** The header of a request of a trace that is sampled, or of one that is not. */
const traceparent = (traceId: string, flags: '00' | '01') => ({
  traceparent: `00-${traceId}-00f067aa0ba902b7-${flags}`,
});

/** @param collector where the spans go, if anywhere: none waits any more when the heap is looked at */
async function heldAtRest({ url }: Program, collector?: Collector): Promise<Held & { readonly content: HeapContent }> {
  // Spans leave in the order in which they end: these are the last, for those who ask from here on are not sampled.
  const last = randomBytes(16).toString('hex');
  await fetch(`${url}/full`, { headers: traceparent(last, '01') });
  const hasCome = () => collector?.spans.some(({ traceId, kind }) => traceId === last && kind === SERVER) ?? true;
  await until('the last spans at the collector', hasCome);
  const headers = traceparent(last, '00');
  const ask = async () => (await (await fetch(`${url}/held`, { headers })).json()) as Held;
  let held = await ask();
  // Connections that wait for a next request are closed some seconds after the last one.
  const isAtRest = async () => {
    held = await ask();
    return isDeepStrictEqual(held.resources, AT_REST);
  };
  await until('a service at rest', isAtRest).catch(() => assert.deepEqual(held.resources, AT_REST));
  const path = join(folder.path, 'hour.heapsnapshot');
  const file = await (await fetch(`${url}/snapshot?file=${path}`, { headers })).text();
  return { ...held, content: contentOf(file) };
}

async function anHour(env: Record<string, string>, say: (what: string) => void, collector?: Collector): Promise<void> {
  const service = await startProgram('hour.cjs', {
    nodeArguments: ['--expose-gc', '-r', './otel/register'],
    env: { ...databases(), ...env },
  });
  try {
    await traffic(service, 0, WARM_UP);
    const start = await heldAtRest(service, collector);
    await traffic(service, WARM_UP, WARM_UP + REQUESTS / 2);
    const middle = await heldAtRest(service, collector);
    await traffic(service, WARM_UP + REQUESTS / 2, WARM_UP + REQUESTS);
    const end = await heldAtRest(service, collector);
    const parts = [start, middle, end];
    say(`heap at the start, in the middle, at the end: ${parts.map(({ heap }) => heap).join(' ')} bytes`);
    say(`without what V8 has of the code: ${parts.map(({ content }) => content.bytes).join(' ')} bytes`);
    say(`more at the end than in the middle: ${JSON.stringify(grown(middle.content, end.content, LEAK / 10))}`);
    assert.deepEqual([middle.listeners, end.listeners], [start.listeners, start.listeners]);
    assert.deepEqual(grown(middle.content, end.content, LEAK), {});
    const [bytes, withCode] = [end.content.bytes - middle.content.bytes, end.heap - middle.heap];
    assert.ok(bytes < MOST_GROWTH, `${bytes} bytes more than half an hour before`);
    assert.ok(withCode < MOST_GROWTH_WITH_CODE, `${withCode} bytes more, with code, than half an hour before`);
  } finally {
    await service.stop();
  }
}

test(`${REQUESTS} requests of an hour, with metrics: nothing grows`, (t) => anHour({}, (what) => t.diagnostic(what)));

test(`${REQUESTS} requests of an hour, with metrics and one in ten traced: nothing grows`, async (t) => {
  const collector = await startCollector();
  t.after(() => collector.stop());
  const env = {
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
    OTEL_TRACES_SAMPLER_ARG: '0.1',
  };
  await anHour(env, (what) => t.diagnostic(what), collector);
  assert.ok(collector.spans.length > 0);
});
