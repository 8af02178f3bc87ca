import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type Expected, exchange, fuzz, type Judge, slowClients, steadyLoad } from '@payments/local-stack';
import { parseOpenMetrics } from '../../exposition/test/support/openmetrics-parser.ts';
import { parseText } from '../../exposition/test/support/prometheus-text-parser.ts';
import { readProtobuf } from '../../exposition/test/support/protobuf-reader.ts';
import { judgeListener, judgeService } from './support/fuzz-judges.ts';
import { requestCounts, scrapeAtRest } from './support/metrics-page.ts';
import { type Program, startProgram } from './support/program.ts';
import { until } from './support/until.ts';

const host = '127.0.0.1';

async function start(t: TestContext, env: Record<string, string> = {}, agent = ['-r', './otel/register']) {
  const service = await startProgram('answering.cjs', {
    nodeArguments: ['--expose-gc', ...agent],
    env: { OTEL_EXPORTER_PROMETHEUS_HOST: host, ...env },
  });
  t.after(() => service.stop());
  return service;
}

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

const portOf = (url: string) => Number(new URL(url).port);

/** What the process holds when it has nothing to do and its garbage is collected. */
async function atRest(service: Program) {
  await (await fetch(`${service.url}/collect`)).text();
  const page = await service.scrapeNow();
  const heap = Object.values(page.values('v8js_memory_heap_used_bytes', 'v8js_heap_space_name'));
  return {
    files: page.value('process_unix_file_descriptor_count'),
    megabytes: heap.reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20,
    scrapes: page.value('otel_exporter_prometheus_active_scrapes'),
  };
}

/** That it comes to hold no more than before; code that was compiled meanwhile is some megabytes. */
async function assertNothingIsHeld(service: Program, before: Awaited<ReturnType<typeof atRest>>): Promise<void> {
  let now = before;
  const isBack = async () => {
    now = await atRest(service);
    return now.files <= before.files + 5 && now.scrapes === 1 && now.megabytes < before.megabytes + 5;
  };
  await until('what was opened is closed', isBack).catch(() => {});
  assert.ok(await isBack(), `before ${JSON.stringify(before)}, now ${JSON.stringify(now)}`);
}

async function assertPageIsRight(service: Program): Promise<void> {
  const url = await service.metricsUrl();
  const read = async (accept: string) => {
    const response = await fetch(url, { headers: { accept } });
    assert.equal(response.status, 200);
    return Buffer.from(await response.arrayBuffer());
  };
  const text = parseText((await read('text/plain')).toString());
  const openMetrics = parseOpenMetrics((await read('application/openmetrics-text')).toString());
  const protobuf = readProtobuf(await read(PROTOBUF));
  assert.deepEqual([openMetrics.length, protobuf.length], [text.length, text.length]);
}

/** Fuzzes a port of a service that is under load: that it answers as ever, and holds what it held before when that is over. */
async function assertUnmoved(
  t: TestContext,
  service: Program,
  port: number,
  count: number,
  judge: Judge,
): Promise<void> {
  await fuzz({ port, host, atATime: 48, seed: 0, count: 3000, judge });
  const before = await atRest(service);
  const stopLoad = steadyLoad(service.url, 200);
  t.after(stopLoad);
  const stopSlowClients = slowClients(port, host, 100);
  t.after(stopSlowClients);
  await fuzz({ port, host, atATime: 48, seed: 1, count, judge });
  stopSlowClients();
  const { sent, latencies, wrong } = await stopLoad();
  assert.deepEqual([wrong, latencies.length], [[], sent]);
  await assertNothingIsHeld(service, before);
  await assertPageIsRight(service);
}

test('100,000 malformed requests and slow clients on the port of the metrics: the service answers as ever, and nothing is left of them', async (t) => {
  const service = await start(t);
  const judge: Judge = (sent, received) => judgeListener(sent, received, [200, 400, 404, 405, 413, 417, 503]);
  await assertUnmoved(t, service, portOf(await service.metricsUrl()), 100_000, judge);
  const seen = Number(await (await fetch(`${service.url}/seen`)).text());
  const page = await scrapeAtRest(await service.metricsUrl());
  assert.deepEqual(requestCounts(page), { 'GET – 200': seen }, 'none of them is counted as a request of the service');
  const errors = page.values('otel_exporter_prometheus_errors_total', 'error_type');
  assert.deepEqual({ ...errors, disconnected: 0 }, Object.fromEntries(Object.keys(errors).map((type) => [type, 0])));
  await service.stop();
  assert.match(service.stderr(), /^otel: metrics of \S+ on \S+\n$/);
});

test('who has no token gets no page, whatever he sends', async (t) => {
  const service = await start(t, { OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: 's3cr3t' });
  const refused = ({ isHead, statuses }: Expected): Expected => ({
    isHead,
    statuses: statuses.every((status) => [400, 404, 417].includes(status)) ? statuses : [401],
  });
  await fuzz({
    ...{ port: portOf(await service.metricsUrl()), host, atATime: 48, seed: 2, count: 10_000 },
    judge(sent, received) {
      const { expected } = sent;
      judgeListener({ ...sent, ...(expected && { expected: expected.map(refused) }) }, received, [400, 401, 404, 417]);
    },
  });
  await service.stop();
  assert.match(service.stderr(), /^otel: metrics of \S+ on \S+\n$/);
});

test("malformed requests and slow clients on the service's own port, where the page is too: it answers as without the agent, and nothing is left of them", async (t) => {
  const bare = await start(t, {}, []);
  const service = await start(t, { OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open' });
  await assertUnmoved(t, service, portOf(service.url), 10_000, async (sent, received) => {
    judgeService(sent, received, await exchange(portOf(bare.url), host, sent));
  });
  await service.stop();
  assert.match(service.stderr(), /^otel: metrics of \S+ on \S+; they are on the service's own port too\n$/);
});
