import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

async function start(t: TestContext, env: Record<string, string> = {}): Promise<Program> {
  const service = await startProgram('worker-threads.cjs', { env });
  t.after(() => service.stop());
  return service;
}

async function send(url: string, requests: number): Promise<void> {
  for (let i = 0; i < requests; i++) assert.equal(await (await fetch(url)).text(), 'ok');
}

/** Requests that threads have answered; those to the main thread have been a step each. */
const ofThreads = (page: MetricsPage, steps: number) =>
  Object.values(page.values('http_server_request_duration_seconds_count', 'http_request_method')).reduce(
    (sum, count) => sum + count,
    -steps,
  );

const threads = (page: MetricsPage) => page.values('otel_cluster_threads', 'otel_cluster_thread_state');

test('what worker threads do is on the page of their process', async (t) => {
  const service = await start(t);
  const urls = [await service.step('start'), await service.step('start'), await service.step('start')];
  for (const [index, url] of urls.entries()) await send(url, 10 * (index + 1));
  let page = await service.scrape();
  await until('60 requests are there', async () => {
    page = await service.scrape();
    return ofThreads(page, 3) === 60 && threads(page).late === 0;
  });
  assert.deepEqual(threads(page), { running: 3, late: 0 });
  assert.deepEqual(page.values('otel_cluster_processes', 'otel_cluster_process_state'), { running: 1, late: 0 });
  assert.equal(page.samples('process_cpu_time_seconds_total').length, 2);
  await service.stop();
  assert.equal(service.stderr().match(/^otel:/gm)?.length, 1, service.stderr());
});

test('what a thread has counted stays when it has ended, by itself or terminated', async (t) => {
  const service = await start(t);
  await send(await service.step('start'), 5);
  assert.equal(await service.step('finish'), 0);
  assert.equal(ofThreads(await service.scrape(), 2), 5);
  await send(await service.step('start'), 7);
  await until('its requests are there', async () => ofThreads(await service.scrape(), 3) === 12);
  await service.step('terminate');
  const page = await service.scrape();
  assert.equal(ofThreads(page, 4), 12);
  assert.deepEqual(threads(page), {});
});

test('a thread that does not answer costs a scrape a second, and its numbers are those that it had', async (t) => {
  const service = await start(t);
  await send(await service.step('start'), 5);
  await until('its requests are there', async () => ofThreads(await service.scrape(), 1) === 5);
  await service.step('block');
  const page = await service.scrapeNow();
  assert.deepEqual([threads(page), ofThreads(page, 2)], [{ running: 0, late: 1 }, 5]);
  await service.step('unblock');
  await until('it answers', async () => threads(await service.scrapeNow()).running === 1);
});

test('OTEL_NODE_WORKER_THREADS=false leaves threads alone', async (t) => {
  const service = await start(t, { OTEL_NODE_WORKER_THREADS: 'false' });
  await send(await service.step('start'), 5);
  const page = await service.scrape();
  assert.deepEqual([ofThreads(page, 1), threads(page)], [0, {}]);
});

test('piscina and the transport of pino work as without the agent, and what the pool does is on the page', async (t) => {
  const ends = [];
  for (const nodeArguments of [[], ['-r', './otel/register']]) {
    const program = await startProgram('thread-libraries.cjs', { nodeArguments, env: { LIBRARIES: 'threads' } });
    t.after(() => program.stop());
    const get = async (path: string) => (await fetch(program.url + path)).text();
    assert.equal(await get('/'), Array(20).fill('asked').join());
    if (nodeArguments.length > 0) {
      await until('20 requests of the pool are there', async () => {
        const page = await program.scrape();
        return page.values('http_client_request_duration_seconds_count', 'http_request_method').GET === 20;
      });
    }
    assert.equal(await get('/end'), 'ended');
    ends.push(await program.exited, /"msg":"ended"/.test(program.stdout()));
  }
  assert.deepEqual(ends, [{ code: 0, signal: null }, true, { code: 0, signal: null }, true]);
});
