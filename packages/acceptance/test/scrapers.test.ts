import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { throwAwayFolder } from '@payments/local-stack';
import { stringify } from 'yaml';
import { SCRAPERS } from '../../listener/test/support/scrapers.ts';
import { startProgram } from './support/program.ts';
import {
  type PrometheusServer,
  prometheusApi,
  startPrometheusServer,
  startVictoriaMetrics,
} from './support/prometheus-server.ts';
import { until } from './support/until.ts';

const STARTS = { Prometheus: startPrometheusServer, VictoriaMetrics: startVictoriaMetrics };

/** Starts a scraper, or skips the test where there is none. */
async function scraping(t: TestContext, name: keyof typeof STARTS, targets: string[]): Promise<string | undefined> {
  const folder = throwAwayFolder();
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'one', static_configs: [{ targets }] }],
  };
  let server: PrometheusServer | undefined;
  t.after(async () => {
    await server?.stop();
    folder.remove();
  });
  try {
    server = await STARTS[name](stringify(config), join(folder.path, 'server'));
    return server.url;
  } catch (error) {
    t.skip((error as Error).message);
    return undefined;
  }
}

for (const name of Object.keys(STARTS) as (keyof typeof STARTS)[]) {
  test(`G2 T9 T12: a real ${name} sends what the listener is tested with`, async (t) => {
    const asked: Record<string, string | string[] | undefined>[] = [];
    const target = createServer(({ headers }, response) => {
      asked.push(headers);
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' }).end('one 1\n');
    });
    await new Promise<void>((resolve) => target.listen(0, '127.0.0.1', resolve));
    t.after(() => {
      target.close();
      target.closeAllConnections();
    });
    if (!(await scraping(t, name, [`127.0.0.1:${(target.address() as AddressInfo).port}`]))) return;
    await until('a scrape', async () => asked.length > 0);
    const [headers] = asked;
    const known = SCRAPERS.filter(({ accept }) => accept === headers?.accept).map(({ sender }) => sender);
    assert.match(String(known), new RegExp(name), headers?.accept as string);
    assert.equal(headers?.['accept-encoding'], 'gzip');
    assert.equal(Number(headers?.['x-prometheus-scrape-timeout-seconds']), 1);
  });
}

test("a VictoriaMetrics has the numbers of an application's page", async (t) => {
  const program = await startProgram('application-metrics.cjs');
  t.after(() => program.stop());
  const url = await scraping(t, 'VictoriaMetrics', [new URL(await program.metricsUrl()).host]);
  if (!url) return;
  const query = async (promql: string) => {
    const { result } = await prometheusApi(url, `query?query=${encodeURIComponent(promql)}`);
    return result.map(({ value }: { value: [number, string] }) => Number(Number(value[1]).toFixed(9)));
  };
  await until('a scrape', async () => (await query('foo_bar_total')).length > 0);
  let states: unknown[] = [];
  await until('the target is up', async () => {
    const { activeTargets } = await prometheusApi(url, 'targets?state=active');
    states = activeTargets.map(({ health, lastError }: Record<string, string>) => `${health} ${lastError}`);
    return String(states) === 'up ';
  }).catch(() => {});
  assert.deepEqual(states, ['up ']);
  for (const [promql, value] of [
    ['sum(jobs_done_total)', 12],
    ['jobs_done_total{a_b="x;y",otel_scope_name="other"}', 5],
    ['sum(depth_bytes)', -7],
    ['count(target_info{service_name!=""})', 1],
    ['sum(jobs_duration_seconds_count)', 201],
    ['sum(jobs_duration_seconds_sum)', 201],
    ['jobs_duration_seconds_bucket{exported_le="mine",le="+Inf"}', 200],
    ['histogram_quantile(0.5, sum by (le) (jobs_duration_seconds_bucket{exported_le="mine"}))', 2.5],
  ] as const) {
    // A scrape that takes longer than a second, as on a busy machine, takes its series away until the next one.
    await until(`${promql} has a value`, async () => (await query(promql)).length > 0);
    assert.deepEqual(await query(promql), [value], promql);
  }
});
