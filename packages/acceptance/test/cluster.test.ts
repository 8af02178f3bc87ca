import assert from 'node:assert/strict';
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { counted, get, pageOf, processes, send, showing } from './support/cluster-traffic.ts';
import { type MetricsPage, scrape } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

type Step = 'pids' | 'kill-sigterm' | 'kill-sigkill' | 'hang-one' | 'go-on' | 'end-all' | 'replace';

/** The agent in the workers alone, as under PM2: they share the port of the page among themselves. */
const WORKERS_ALONE = { nodeArguments: [], env: { WORKER_ARGUMENTS: '-r ./otel/register' } };

async function startCluster(t: TestContext, options: Parameters<typeof startProgram>[1] = {}, program = 'cluster.cjs') {
  const running = await startProgram(program, options);
  t.after(() => running.stop());
  return running;
}

/** Takes a step of the primary: by POST, so that its own requests are told from those of the workers. */
async function primary({ urls }: Program, step: Step): Promise<number[]> {
  const response = await fetch(`${urls[1]}/${step}`, { method: 'POST' });
  return [(await response.json()) as number | number[]].flat();
}

/** Kills a worker and waits until another one is in its place. */
async function replaceOne(cluster: Program, how: 'kill-sigterm' | 'kill-sigkill'): Promise<void> {
  const [killed = 0] = await primary(cluster, how);
  await until('another worker', async () => {
    const pids = await primary(cluster, 'pids');
    return pids.length === 4 && !pids.includes(killed);
  });
}

/** All that can only grow: counters, and counts and sums of histograms. */
function growing({ families }: MetricsPage): Map<string, number> {
  const values = new Map<string, number>();
  for (const { type, samples } of families.values()) {
    if (type === 'gauge') continue;
    for (const { name, labels, value } of samples) values.set(JSON.stringify([name, labels]), value);
  }
  return values;
}

function assertGrown(before: MetricsPage, after: MetricsPage): void {
  const values = growing(after);
  for (const [series, value] of growing(before)) {
    assert.ok((values.get(series) ?? -1) >= value, `${series} was ${value} and is ${values.get(series)}`);
  }
}

/** Waits until a page has been answered for by so many processes, all of them in time. */
async function allRun(cluster: Program, running: number): Promise<void> {
  await until(`${running} processes`, async () =>
    isDeepStrictEqual({ ...processes(await cluster.scrapeNow()) }, { running, late: 0 }),
  );
}

/** What the processes of a cluster have left where they met. */
function leftOvers(primaryPid: number): string[] {
  return ['/dev/shm', tmpdir()]
    .map((root) => join(root, `otel-${process.getuid?.()}`))
    .filter((folder) => existsSync(folder))
    .flatMap((base) => readdirSync(base).map((name) => join(base, name)))
    .filter((folder) => basename(folder).split('-')[1] === String(primaryPid));
}

for (const [who, options] of [
  ['the primary', {}],
  ['any worker', WORKERS_ALONE],
] as const) {
  test(`1,000 requests to four workers are 1,000 on each page, answered by ${who}`, async (t) => {
    const cluster = await startCluster(t, options);
    const pids = await send(cluster.url, 1000);
    assert.equal(pids.size, 4, 'each of the workers has answered requests');
    const url = await cluster.metricsUrl();
    await showing(1000, () => pageOf(url));
    for (let scrapes = 0; scrapes < 10; scrapes++) assert.equal(counted(await pageOf(url)), 1000);
  });

  test(`a cluster's numbers never go down while workers are killed and replaced, answered by ${who}`, async (t) => {
    const cluster = await startCluster(t, options);
    const url = await cluster.metricsUrl();
    let [sent, before] = [0, await pageOf(url)];
    for (let scrapes = 0; scrapes < 50; scrapes++) {
      await send(cluster.url, 5);
      sent += 5;
      await until(`${sent} requests are counted`, async () => {
        const page = await pageOf(url);
        assertGrown(before, page);
        before = page;
        return counted(page) === sent;
      });
      if (scrapes % 8 === 3) await replaceOne(cluster, scrapes % 16 === 3 ? 'kill-sigkill' : 'kill-sigterm');
    }
    assert.equal(counted(await pageOf(url)), 250);
  });
}

test('requests to the primary itself are on the page too, and all processes are counted', async (t) => {
  const cluster = await startCluster(t);
  for (let requests = 0; requests < 3; requests++) await primary(cluster, 'pids');
  await allRun(cluster, 5);
  assert.equal(counted(await cluster.scrape(), 'POST'), 3);
});

test('a worker that hangs is on the page with its last numbers, and reported', async (t) => {
  const cluster = await startCluster(t);
  await send(cluster.url, 100);
  await showing(100, cluster.scrape);
  await primary(cluster, 'hang-one');
  try {
    await until('one of them is late', async () => {
      const page = await cluster.scrapeNow();
      assert.equal(counted(page), 100);
      return isDeepStrictEqual({ ...processes(page) }, { running: 4, late: 1 });
    });
  } finally {
    await primary(cluster, 'go-on');
  }
  await allRun(cluster, 5);
  assert.ok((await cluster.scrape()).value('otel_cluster_late_answers_total') >= 1);
});

test('on the port of the service, each worker answers with the numbers of all', async (t) => {
  const cluster = await startCluster(t, { env: { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' } });
  await send(cluster.url, 100);
  const url = `${cluster.url}/metrics`;
  await showing(100, () => pageOf(url));
  for (let scrapes = 0; scrapes < 8; scrapes++) assert.equal(counted(await pageOf(url)), 100);
});

test('what is not counted up is one number for all, and on request one for each process', async (t) => {
  const together = await (await startCluster(t)).scrape();
  assert.equal(together.samples('process_start_time_seconds').length, 1);
  const cluster = await startCluster(t, { env: { OTEL_METRICS_CLUSTER_BY_PROCESS: 'true' } });
  await send(cluster.url, 20);
  const apart = await showing(20, cluster.scrape);
  const pids = [cluster.pid, ...(await primary(cluster, 'pids'))].map(String).sort();
  assert.deepEqual(Object.keys(apart.values('process_memory_usage_bytes', 'process_pid')).sort(), pids);
  assert.deepEqual(Object.keys(apart.values('process_start_time_seconds', 'process_pid')).sort(), pids);
  assert.equal(apart.values('http_server_requests_total', 'http_request_method', 'process_pid')['GET –'], 20);
  const all = Object.values(apart.values('process_memory_usage_bytes', 'process_pid')).reduce((a, b) => a + b);
  assert.ok(together.value('process_memory_usage_bytes') > all / 2, 'together it is the sum');
});

test('the primary shows what its workers have counted when none is left', async (t) => {
  const cluster = await startCluster(t);
  await send(cluster.url, 50);
  await showing(50, cluster.scrape);
  await primary(cluster, 'end-all');
  await allRun(cluster, 1);
  assert.equal(counted(await cluster.scrape()), 50);
  await primary(cluster, 'replace');
  await allRun(cluster, 5);
  assert.equal(counted(await cluster.scrape()), 50);
});

test('what a worker that ends by itself counted last is counted', async (t) => {
  const cluster = await startCluster(t);
  await send(cluster.url, 20);
  await showing(20, cluster.scrape);
  const ended = Number(await get(`${cluster.url}/last`));
  await until('another worker', async () => !(await primary(cluster, 'pids')).includes(ended));
  await showing(21, cluster.scrape);
});

test('what the service observes itself is asked for once a page, however often the workers keep their numbers', async (t) => {
  const cluster = await startCluster(t, { env: { OBSERVED: 'true' } });
  const url = await cluster.metricsUrl();
  await allRun(cluster, 5);
  const [folder = ''] = leftOvers(cluster.pid);
  const snapshots = () => readdirSync(folder).filter((file) => file.endsWith('.snapshot'));
  const written = () => snapshots().map((file) => statSync(join(folder, file)).mtimeMs);
  await until('all have answered two pages in time, one after the other', async () => {
    const first = await pageOf(url);
    const now = Math.max(...written());
    await until('all have kept their numbers again', () => Math.min(...written()) > now);
    const second = await pageOf(url);
    if (processes(first).late !== 0 || processes(second).late !== 0) return false;
    assert.equal(second.value('calls_total') - first.value('calls_total'), 4);
    return true;
  });
});

test('processes whose meeting place was tidied up find each other again', async (t) => {
  const cluster = await startCluster(t);
  await send(cluster.url, 20);
  await showing(20, cluster.scrape);
  for (const folder of leftOvers(cluster.pid)) rmSync(folder, { recursive: true });
  await allRun(cluster, 5);
  await showing(20, cluster.scrape);
});

test('an ES module is a cluster like any other', async (t) => {
  const cluster = await startCluster(t, {}, 'cluster.mjs');
  await send(cluster.url, 20);
  await showing(20, cluster.scrape);
  await allRun(cluster, 3);
});

test('a cluster ends as it would without the agent, and leaves nothing behind', async (t) => {
  for (const options of [{}, WORKERS_ALONE]) {
    const cluster = await startCluster(t, options);
    await scrape(await cluster.metricsUrl());
    assert.equal(leftOvers(cluster.pid).length, 1);
    assert.deepEqual(await cluster.stop(), { code: null, signal: 'SIGTERM' });
    assert.deepEqual(leftOvers(cluster.pid), []);
  }
});
