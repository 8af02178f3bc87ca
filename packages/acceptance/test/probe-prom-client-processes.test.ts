import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { send } from './support/cluster-traffic.ts';
import type { MetricsPage } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { MERGED, pageOf, shownBy } from './support/prom-client.ts';
import { until } from './support/until.ts';

async function start(t: TestContext, program: string, env = {}): Promise<Program> {
  const running = await startProgram(program, { env: { ...MERGED, ...env } });
  t.after(() => running.stop());
  return running;
}

/** What the primary of a cluster does. */
async function primary({ urls }: Program, step: 'gather' | 'kill' | 'workers') {
  return (await fetch(`${urls[1]}/${step}`)).json();
}

const requests = (page: MetricsPage) => page.values('requests', 'method').GET;

/** A page that shows so many requests: on a busy machine a process may not answer in time, and be on it as it was last known. */
async function showing(cluster: Program, count: number): Promise<MetricsPage> {
  let page: MetricsPage | undefined;
  await until(`${count} requests on the page`, async () => {
    page = await pageOf(cluster);
    return requests(page) === count;
  });
  return page as MetricsPage;
}

test('what four workers count with prom-client is on each page, added up; gauges are what their aggregators make of them', async (t) => {
  const cluster = await start(t, 'prom-client-cluster.cjs');
  const pids = await send(cluster.url, 100);
  assert.equal(pids.size, 4);
  const page = await showing(cluster, 100);
  const counts = ['seconds_count', 'bytes_count'].map((name) => page.value(name));
  assert.deepEqual([requests(page), ...counts], [100, 100, 100]);
  assert.deepEqual(page.values('seconds_bucket', 'le'), { 1: 0, 2: 100, '+Inf': 100 });
  assert.equal(page.value('seconds_sum'), 150);
  const gauges = ['sum', 'max', 'min', 'average', 'first'].map((aggregator) => page.value(`id_${aggregator}`));
  assert.deepEqual(gauges, [10, 4, 1, 2.5, 4]);
  assert.equal(page.families.has('id_omit'), false);
  assert.deepEqual(page.values('bytes', 'quantile'), { 0.5: 4 });
  assert.deepEqual(
    ['id_average', 'bytes'].map((name) => page.families.get(name)?.type),
    ['gauge', 'summary'],
  );
});

test("a primary that makes prom-client's own page of the workers adds nothing to ours, which has the same counts", async (t) => {
  const cluster = await start(t, 'prom-client-cluster.cjs');
  await send(cluster.url, 60);
  const theirs = shownBy([(await primary(cluster, 'gather')) as string]);
  assert.equal(theirs.get('requests')?.samples[0]?.value, 60);
  await showing(cluster, 60);
});

test('what a worker has counted with prom-client stays when it was killed, and its gauges go', async (t) => {
  const cluster = await start(t, 'prom-client-cluster.cjs');
  await send(cluster.url, 100);
  await showing(cluster, 100);
  const killed = await primary(cluster, 'kill');
  await until('another worker', async () => {
    const workers = (await primary(cluster, 'workers')) as number[];
    return workers.length === 4 && !workers.includes(killed as number);
  });
  await until(
    'the fifth worker has its numbers on the page, and the one that was killed no more',
    async () => (await pageOf(cluster)).value('id_sum') === 15 - (killed as number),
  );
  for (let scrapes = 0; scrapes < 3; scrapes++) {
    const page = await pageOf(cluster);
    assert.equal(requests(page), 100);
    assert.deepEqual([page.value('bytes_count'), page.value('seconds_sum')], [100, 150]);
    assert.equal(page.value('id_sum'), 15 - (killed as number));
  }
});

test('OTEL_METRICS_CLUSTER_BY_PROCESS keeps the gauges of prom-client apart', async (t) => {
  const cluster = await start(t, 'prom-client-cluster.cjs', { OTEL_METRICS_CLUSTER_BY_PROCESS: 'true' });
  await send(cluster.url, 20);
  const page = await showing(cluster, 20);
  const ids = page.samples('id_sum').map(({ labels, value }) => [typeof labels.process_pid, value]);
  assert.deepEqual(
    ids.sort(),
    [1, 2, 3, 4].map((id) => ['string', id]),
  );
});

test('what a worker thread counts with prom-client is added to what its process counts, and stays when it has ended', async (t) => {
  const service = await start(t, 'prom-client-thread.cjs');
  for (let count = 0; count < 5; count++) await service.step('count');
  const expected = { everywhere: 10, thread: 5 };
  await until('both are there', async () => (await pageOf(service)).values('jobs', 'where').thread === 5);
  assert.deepEqual((await pageOf(service)).values('jobs', 'where'), expected);
  await service.step('count');
  await service.step('end');
  await until('the last ones are there', async () => (await pageOf(service)).values('jobs', 'where').thread === 6);
  assert.deepEqual((await pageOf(service)).values('jobs', 'where'), { everywhere: 12, thread: 6 });
});
