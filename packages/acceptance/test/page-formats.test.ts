import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { ensureCommand, throwAwayFolder } from '@payments/local-stack';
import { stringify } from 'yaml';
import { parseOpenMetrics } from '../../exposition/test/support/openmetrics-parser.ts';
import { parseText } from '../../exposition/test/support/prometheus-text-parser.ts';
import { labelsOf, readProtobuf } from '../../exposition/test/support/protobuf-reader.ts';
import { ACCEPT, asking, FORMATS, pageIn } from './support/format-asked.ts';
import { assertPythonReads, judge } from './support/page-judges.ts';
import { type Program, startProgram } from './support/program.ts';
import { prometheusApi, startPrometheusServer } from './support/prometheus-server.ts';
import { until } from './support/until.ts';

const AGGREGATIONS = {
  explicit: {},
  exponential: { OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: 'base2_exponential_bucket_histogram' },
};

const folder = throwAwayFolder();
const undo: (() => unknown)[] = [() => folder.remove()];
after(async () => {
  for (const step of undo.reverse()) await step();
});

async function start(env: Record<string, string>): Promise<{ program: Program; metricsUrl: string }> {
  const program = await startProgram('application-metrics.cjs', { env });
  undo.push(() => program.stop());
  return { program, metricsUrl: await program.metricsUrl() };
}

for (const [aggregation, env] of Object.entries(AGGREGATIONS)) {
  describe(`the page of an application's own nasty metrics, with ${aggregation} histograms`, () => {
    let url: string;
    before(async () => {
      ({ metricsUrl: url } = await start(env));
    });

    test('promtool reads it, and finds nothing but what the application has chosen', async () => {
      const page = (await pageIn(url, ACCEPT.text)).toString();
      parseText(page);
      const promtool = await ensureCommand('promtool', 'prometheus');
      const { code, output } = await judge(promtool, ['check', 'metrics'], page);
      const own = /^(?:share_ratio|depth_bytes|change|foo_bar_total|jobs_duration_seconds) no help text$/;
      const names = /^(?:process_thread|process_unix_file_descriptor)_count non-histogram .* should not have "_count"/;
      const others = output.split('\n').filter((line) => line !== '' && !own.test(line) && !names.test(line));
      assert.deepEqual([others, code], [[], 3], 'P10');
    });

    for (const escaping of ['underscores', 'dots', 'values']) {
      test(`the OpenMetrics parser of Python's client library reads it under ${escaping}`, async (t) => {
        const page = (await pageIn(url, `${ACCEPT.openmetrics};escaping=${escaping}`)).toString();
        const families = parseOpenMetrics(page);
        await assertPythonReads(t, page, families.length);
      });
    }
  });
}

test('S1 S4: OTEL_EXPORTER_PROMETHEUS_SCOPE_LABELS=true puts the scope on every series, in every format', async () => {
  const { metricsUrl } = await start({ OTEL_EXPORTER_PROMETHEUS_SCOPE_LABELS: 'true' });
  const ofApp = /^jobs_done_total\{otel_scope_name="app",otel_scope_version="1.0",/m;
  const ofAgent = /^process_uptime_seconds\{otel_scope_name="otel-register"\} /m;
  for (const format of ['text', 'openmetrics'] as const) {
    const page = (await pageIn(metricsUrl, ACCEPT[format])).toString();
    assert.match(page, ofApp);
    assert.match(page, ofAgent);
  }
  for (const { name, metric } of readProtobuf(await pageIn(metricsUrl, ACCEPT.protobuf))) {
    if (name === 'target_info') continue;
    for (const one of metric) assert.ok('otel_scope_name' in labelsOf(one), name);
  }
});

test('T14: name[] leaves out all other families, in every format', async () => {
  const { metricsUrl } = await start({});
  const asked = `${metricsUrl}?name[]=process_uptime_seconds&name[]=jobs_done_total`;
  const parsed = parseText((await pageIn(asked, ACCEPT.text)).toString());
  assert.deepEqual(parsed.map(({ name }) => name).sort(), ['jobs_done_total', 'process_uptime_seconds']);
  const families = readProtobuf(await pageIn(asked, ACCEPT.protobuf));
  assert.deepEqual(families.map(({ name }) => name).sort(), ['jobs_done_total', 'process_uptime_seconds']);
});

describe('a Prometheus that is given each format', () => {
  let url: string;
  before(async () => {
    const targets = await Promise.all(
      Object.entries(AGGREGATIONS).flatMap(([aggregation, env]) => {
        const started = start(env);
        return FORMATS.map(async (format) => ({
          targets: [await asking((await started).metricsUrl, ACCEPT[format], undo)],
          labels: { format, aggregation },
        }));
      }),
    );
    const config = {
      global: { scrape_interval: '1s', scrape_timeout: '1s' },
      scrape_configs: [{ job_name: 'formats', static_configs: targets }],
    };
    const flags = ['--enable-feature=native-histograms,exemplar-storage'];
    const server = await startPrometheusServer(stringify(config), join(folder.path, 'prometheus'), flags);
    undo.push(server.stop);
    url = server.url;
    let states: string[] = [];
    await until('all targets have been scraped', async () => {
      const { activeTargets } = await prometheusApi(url, 'targets?state=active');
      states = activeTargets.map(({ health, lastError }: Record<string, string>) => `${health} ${lastError}`);
      const isUp = states.every((state) => state === 'up ');
      return isUp && (await query('foo_bar_total')).size === targets.length;
    }).catch(() => {});
    assert.deepEqual(states, new Array(targets.length).fill('up '));
  });

  /** The value for each format and aggregation. */
  async function query(promql: string): Promise<Map<string, number>> {
    const { result } = await prometheusApi(
      url,
      `query?query=${encodeURIComponent(`sum by (format, aggregation) (${promql})`)}`,
    );
    return new Map(
      result.map(({ metric, value }: { metric: Record<string, string>; value: [number, string] }) => [
        `${metric.format} ${metric.aggregation}`,
        Number(value[1]),
      ]),
    );
  }

  /** The same value from each format of these aggregations. */
  async function assertEqualFrom(aggregations: string[], promql: string, value: number, formats: string[] = FORMATS) {
    const expected = formats.flatMap((format) => aggregations.map((one) => `${format} ${one} ${value}`));
    let wanted: string[] = [];
    // A scrape that takes longer than a second, as on a busy machine, takes its series away until the next one.
    await until(`${promql} of each format`, async () => {
      const found = Array.from(await query(promql), ([of, number]) => `${of} ${Number(number.toFixed(9))}`);
      wanted = found.filter((line) => aggregations.some((one) => line.includes(` ${one} `)));
      return wanted.length >= expected.length;
    }).catch(() => {});
    assert.deepEqual(wanted.sort(), expected.sort(), promql);
  }

  const both = ['explicit', 'exponential'];

  test('has the same counters and gauges from each', async () => {
    await assertEqualFrom(both, 'jobs_done_total', 12);
    await assertEqualFrom(both, 'jobs_done_total{a_b="x;y",otel_scope_name="other"}', 5);
    // PromQL cannot say the replacement character itself.
    await assertEqualFrom(both, 'jobs_done_total{key_1st="z",queue=~"b\\"\\\\\\\\\\n😀."}', 4);
    await assertEqualFrom(both, 'depth_bytes', -7);
    await assertEqualFrom(both, 'target_info{service_name!=""}', 1);
  });

  test('has the same classic histograms from each', async () => {
    await assertEqualFrom(['explicit'], 'jobs_duration_seconds_count', 201);
    await assertEqualFrom(['explicit'], 'jobs_duration_seconds_sum', 201);
    await assertEqualFrom(['explicit'], 'jobs_duration_seconds_bucket{exported_le="mine",le=~"0|0.0"}', 0);
    await assertEqualFrom(['explicit'], 'jobs_duration_seconds_bucket{exported_le="mine",le="+Inf"}', 200);
  });

  test('has native histograms from protobuf, whose numbers are those of the buckets in the text formats', async () => {
    const text = ['text', 'openmetrics'];
    await assertEqualFrom(['exponential'], 'jobs_duration_seconds_count', 201, text);
    await assertEqualFrom(['exponential'], 'histogram_count(jobs_duration_seconds)', 201, ['protobuf']);
    await assertEqualFrom(['exponential'], 'histogram_sum(jobs_duration_seconds)', 201, ['protobuf']);
    const below = 'jobs_duration_seconds_bucket{exported_le="mine",le=~"1|1.0"}';
    await assertEqualFrom(['exponential'], below, 100, text);
    const fraction = 'histogram_fraction(0, 1, jobs_duration_seconds{exported_le="mine"}) * 200';
    const native = async (promql: string) => {
      let value: number | undefined;
      await until(`${promql} of protobuf`, async () => {
        value = (await query(promql)).get('protobuf exponential');
        return value !== undefined;
      });
      return value ?? Number.NaN;
    };
    assert.equal(Math.round(await native(fraction)), 100);
    const median = 'histogram_quantile(0.5, jobs_duration_seconds{exported_le="mine"})';
    assert.ok(Math.abs((await native(median)) - 1) < 0.05);
  });
});

test('a page in protobuf is right', async () => {
  const { metricsUrl } = await start(AGGREGATIONS.exponential);
  const families = readProtobuf(await pageIn(metricsUrl, ACCEPT.protobuf));
  assert.ok(families.some(({ name, metric }) => name === 'jobs_duration_seconds' && metric[0]?.histogram.schema >= 0));
});
