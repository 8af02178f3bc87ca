import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ensureInstalled, throwAwayFolder } from '@payments/local-stack';
import { parseOpenMetrics } from '../../exposition/test/support/openmetrics-parser.ts';
import { askEcho } from './support/asked-and-answered.ts';
import { startCollector } from './support/collector.ts';
import type { ReceivedPoint } from './support/otlp-metrics.ts';
import { startProgram } from './support/program.ts';
import { until } from './support/until.ts';

const REQUESTS = 100;
/** In minutes: a duration of a request of this test is none of them, and each jump is one of more. */
const JUMPS = ['+500000', '-700000', '+2', '-90', '+0'];

/** What a process loads so that a file says what the time is; timers go on. */
async function clockLibrary(): Promise<string> {
  return ensureInstalled(
    'libfaketime',
    () => {
      const folders = ['/usr/lib', ...readdirSync('/usr/lib').map((name) => join('/usr/lib', name))];
      return folders.map((folder) => join(folder, 'faketime/libfaketime.so.1')).find(existsSync);
    },
    'libfaketime',
  );
}

/** How many requests a receiver knows of, by what was sent to it. */
const KNOWN = {
  cumulative: (sent: readonly ReceivedPoint[][]) => requestsIn(sent.at(-1) ?? []),
  delta: (sent: readonly ReceivedPoint[][]) => requestsIn(sent.flat()),
};

function requestsIn(points: readonly ReceivedPoint[]): number {
  return points.filter(({ name }) => name === 'http.server.requests').reduce((sum, { value }) => sum + value, 0);
}

for (const temporality of ['cumulative', 'delta'] as const) {
  test(
    `a clock that jumps, far and near, forwards and backwards, changes no answer, no count and no duration, which are sent as ${temporality}`,
    {
      skip: process.platform !== 'linux' && 'the clock of a process is set by libfaketime',
    },
    (t) => jump(t, temporality),
  );
}

async function jump(t: TestContext, temporality: keyof typeof KNOWN) {
  const folder = throwAwayFolder();
  t.after(folder.remove);
  const clock = join(folder.path, 'clock');
  /** At once for who reads it. */
  const set = (minutes: string) => {
    writeFileSync(`${clock}.new`, `${minutes}m\n`);
    renameSync(`${clock}.new`, clock);
  };
  set('+0');
  const collector = await startCollector();
  t.after(() => collector.stop());
  const program = await startProgram('echo.cjs', {
    env: {
      LD_PRELOAD: await clockLibrary(),
      FAKETIME_TIMESTAMP_FILE: clock,
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: temporality,
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_EXPORTER_PROMETHEUS_CREATED: 'true',
    },
  });
  t.after(() => program.stop());
  const url = await program.metricsUrl();
  const constant = async () => {
    const response = await fetch(url, { headers: { accept: 'application/openmetrics-text' } });
    const samples = parseOpenMetrics(await response.text()).flatMap((family) => family.samples);
    const asked = samples.filter(({ name }) => /^(?:process_start_time_seconds|http_server_.*_created)$/.test(name));
    return asked.map(({ name, value }) => `${name} ${value}`);
  };

  let before: string[] | undefined;
  let requests = 0;
  for (const jump of JUMPS) {
    const asking = askEcho(program.url, REQUESTS, 10);
    set(jump);
    assert.deepEqual(await asking, { answered: REQUESTS, refused: 0, changed: 0, lost: 0 });
    requests += REQUESTS;
    await until('its spans arrive', async () => collector.spans.length >= requests);
    await until('its metrics arrive', async () => KNOWN[temporality](collector.metrics) === requests);
    before ??= await constant();
    assert.ok(before.length > 2);
    assert.deepEqual(await constant(), before);
  }

  assert.equal(collector.spans.length, requests);
  for (const { milliseconds } of collector.spans)
    assert.ok(milliseconds >= 0 && milliseconds < 60_000, `${milliseconds}`);
  for (const { name, start, time } of collector.metrics.flat())
    assert.ok(BigInt(start) <= BigInt(time), `${name} from ${start} to ${time}`);
  const page = await program.scrape();
  assert.ok(page.value('http_server_request_duration_seconds_sum') < requests * 60);
  assert.ok(page.value('process_uptime_seconds') < 600);
  assert.deepEqual(await program.stop(), { code: 0, signal: null });
}
