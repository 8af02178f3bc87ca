import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { freePort } from '@payments/local-stack';
import { contentOf, grown, type HeapContent } from '../soak/heap-snapshot.ts';
import { startCollector } from './support/collector.ts';
import { throwAwayDatabases } from './support/databases.ts';
import { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { startSentry } from './support/sentry-ingest.ts';
import { until, untilSaid } from './support/until.ts';

const databases = throwAwayDatabases();

/** Whether the page is there. */
const isThere = (metrics: string) =>
  fetch(metrics).then(
    ({ ok }) => ok,
    () => false,
  );

async function service(env: Record<string, string> = {}): Promise<Program> {
  const port = String(await freePort());
  return startProgram('stopped-often.cjs', {
    nodeArguments: ['--expose-gc'],
    env: {
      ...databases(),
      OTEL_EXPORTER_PROMETHEUS_PORT: port,
      OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open',
      ...env,
    },
  });
}

/** What an agent that was stopped has left: what can be seen but for what must be as it was before the agent, and what is in the heap. */
async function left(program: Program): Promise<{ visible: unknown; content: HeapContent }> {
  const { changes, ...visible } = await program.step('left');
  const none = { builtins: [], libraries: [], subscribed: [], files: [], forThreads: null };
  assert.deepEqual(changes, { ...none, api: ['version'] });
  return { visible, content: contentOf(await program.step('snapshot')) };
}

/** What there are more of, than one at three of four starts. What V8 keeps for itself comes and goes. */
const more = (before: HeapContent, after: HeapContent, starts: number) => grown(before, after, starts * 0.75);

/** What is left of so many more starts: on a busy machine something may be under way, but what a start keeps stays. */
async function leftInTheEnd(program: Program, before: HeapContent, starts: number): ReturnType<typeof left> {
  let after = await left(program);
  const isLetGo = async () => {
    if (isDeepStrictEqual(more(before, after.content, starts), {})) return true;
    after = await left(program);
    return false;
  };
  await until('nothing more', isLetGo).catch(() => {});
  return after;
}

/** Starts and stops the agent so often: the page of the last time. */
async function startAndStop(program: Program, times: number): Promise<MetricsPage> {
  let last = '';
  for (let i = 0; i < times; i += 50) {
    const { served, page } = await program.step('fiftyRounds');
    assert.equal(served, 150);
    last = page;
    await program.step('stop');
  }
  return new MetricsPage(last);
}

/** Asserts that nothing was kept at each start. */
function assertNoGrowth(before: HeapContent, after: HeapContent, starts: number): void {
  assert.deepEqual(more(before, after, starts), {});
  const bytes = (after.bytes - before.bytes) / starts;
  assert.ok(bytes < 200, `${bytes} bytes more are in use for each start`);
}

test('an agent that is started and stopped 1,000 times in a process leaves nothing behind, and counts what is served in between', async (t) => {
  const program = await service();
  t.after(() => program.stop());
  await startAndStop(program, 200);
  const before = await left(program);
  const page = await startAndStop(program, 800);
  const after = await leftInTheEnd(program, before.content, 800);
  assert.deepEqual(after.visible, before.visible);
  assertNoGrowth(before.content, after.content, 800);
  const requests = page.values('http_server_requests_total', 'http_route', 'http_response_status_code');
  assert.deepEqual(requests, { '/orders/:id 200': 2_000, '/wrong 500': 1_000 });
  assert.equal(page.values('db_client_operation_duration_seconds_count', 'db_system_name').postgresql, 2_000);
});

test('with traces and Sentry it leaves nothing behind either, and each span and error is sent before it has stopped', async (t) => {
  const [collector, sentry] = [await startCollector(), await startSentry()];
  t.after(() => Promise.all([collector.stop(), sentry.stop()]));
  const program = await service({
    OTEL_TRACES_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_NODE_LOG_CORRELATION: 'true',
    SENTRY_DSN: sentry.dsn,
  });
  t.after(() => program.stop());
  await startAndStop(program, 200);
  const before = await left(program);
  await startAndStop(program, 300);
  const after = await leftInTheEnd(program, before.content, 300);
  assert.deepEqual(after.visible, before.visible);
  assertNoGrowth(before.content, after.content, 300);
  assert.equal(collector.spans.filter(({ name }) => name === 'GET /orders/:id').length, 1_000);
  assert.equal(sentry.events.length, 500);
});

test('a request that is in flight at a stop is answered as ever, and is not in flight on the page after the next start', async (t) => {
  const program = await service();
  t.after(() => program.stop());
  const metrics = await program.metricsUrl();
  assert.equal(await program.step('stopInFlight'), '200 late');
  await assert.rejects(fetch(metrics));
  await program.step('order');
  await program.step('start');
  await program.step('order');
  await until('the page', () => isThere(metrics));
  const page = await program.scrape();
  assert.equal(page.values('http_server_requests_total', 'http_route')['/orders/:id'], 1);
  assert.equal(page.values('http_server_requests_total', 'http_route')['/later'], undefined);
});

test('of calls that come before a stop is over the last one counts', async (t) => {
  const program = await service();
  t.after(() => program.stop());
  const metrics = await program.metricsUrl();
  await program.step('restart');
  await until('the page', () => isThere(metrics));
  await program.step('startAndStop');
  assert.equal(await isThere(metrics), false);
});

test('what a worker of a cluster has counted stays on the page while the agent is stopped in it, and is there once when it runs again', async (t) => {
  const env = { OTEL_EXPORTER_PROMETHEUS_PORT: String(await freePort()) };
  const program = await startProgram('stopped-worker.cjs', { env });
  t.after(() => program.stop());
  const metrics = await program.metricsUrl();
  const counted = async () => {
    await until('the page', () => isThere(metrics));
    const page = await program.scrapeNow();
    return page.values('http_server_requests_total', 'http_response_status_code')['204'];
  };
  const steps = async (...names: string[]) => {
    for (const name of names) await program.step(name);
  };
  await steps('ask', 'ask');
  await until('two requests on the page', async () => (await counted()) === 2);
  await steps('stopWorker', 'ask');
  assert.equal(await counted(), 2);
  await steps('startWorker', 'ask');
  await until('three requests on the page', async () => (await counted()) === 3);
  await steps('stop', 'ask', 'start');
  await until('four requests on the page', async () => (await counted()) === 4);
});

test('a collector that does not answer holds a stop up no longer than an exit', async (t) => {
  const collector = await startCollector();
  t.after(() => collector.stop());
  collector.refuse = () => {};
  const program = await service({ OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl });
  t.after(() => program.stop());
  await program.step('order');
  await program.step('stop');
  await untilSaid(program, /^otel: the last spans were not taken within 2 s and are lost$/m);
});
