import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { histogram, metric, page, withExemplars } from './support/pages.ts';

/** The page in OpenMetrics, which the strict parser has found to be right. */
function openMetrics(metrics: MetricData[], resource: Attributes = {}) {
  const made = page(metrics, resource, 'OpenMetrics');
  return { ...made, families: parseOpenMetrics(made.text) };
}

const TRACE = 'trace_id="0af7651916cd43dd8448eb211c80319c"';

test('O1: a page without metrics is the end alone', () => {
  assert.equal(openMetrics([]).text, '# EOF\n');
});

test('O3 O5 C1 N10: a counter and its unit, as OpenMetrics names them', () => {
  const { text } = openMetrics([metric('process.cpu.time', 's', 'counter', [[{ mode: 'user' }, 1.5]], 'Time.')]);
  assert.equal(
    text,
    [
      '# TYPE process_cpu_time_seconds counter',
      '# UNIT process_cpu_time_seconds seconds',
      '# HELP process_cpu_time_seconds Time.',
      'process_cpu_time_seconds_total{mode="user"} 1.5',
      '# EOF',
      '',
    ].join('\n'),
  );
});

test('O6 N9: a unit that is not the end of the name has no UNIT line, for Prometheus fails the whole scrape over it', () => {
  const { families } = openMetrics([
    metric('foo.bytes.read', 'By', 'counter', [[{}, 1]]),
    metric('utilization', '1', 'gauge', [[{}, 1]]),
    metric('requests', '{request}', 'updown', [[{}, 1]]),
  ]);
  assert.deepEqual(
    families.map(({ name, unit }) => [name, unit]),
    [
      ['foo_bytes_read', undefined],
      ['utilization_ratio', undefined],
      ['requests', undefined],
    ],
  );
});

test('O7 S5 S6: the resource is the info family target, first on the page', () => {
  const { families } = openMetrics([metric('m', '', 'gauge', [[{}, 1]])], { 'service.name': 'payments' });
  const [target] = families;
  assert.deepEqual([target?.name, target?.type, target?.unit], ['target', 'info', undefined]);
  assert.deepEqual(
    target?.samples.map(({ name, labels, value }) => [name, Object.fromEntries(labels), value]),
    [['target_info', { service_name: 'payments' }, 1]],
  );
});

test("S7 F7: no metric takes the names of the resource's family", () => {
  const { families, warnings } = openMetrics([
    metric('target', '', 'gauge', [[{}, 1]]),
    metric('target.info', '', 'gauge', [[{}, 1]]),
  ]);
  assert.deepEqual([families.length, warnings.length], [0, 2]);
});

test('F8: a counter and a gauge of one name clash in OpenMetrics and only there', () => {
  const metrics = [metric('foo', '', 'counter', [[{}, 1]]), metric('foo', '', 'gauge', [[{}, 2]])];
  const { families, warnings } = openMetrics(metrics);
  assert.deepEqual(
    families.map(({ name, type }) => [name, type]),
    [['foo', 'counter']],
  );
  assert.match(warnings[0] ?? '', /"foo" is not on the page: foo is a counter already/);
  assert.match(page(metrics).text, /^foo_total 1\n(?:#.*\n)*foo 2$/m);
});

test('F7: a metric that has the name of a sample that another may write is left out', () => {
  const { families } = openMetrics([
    metric('jobs', '', 'counter', [[{}, 1]]),
    metric('jobs.created', '', 'gauge', [[{}, 1]]),
    histogram('lat', '', {}, [1], [1, 0]),
    metric('lat', '', 'counter', [[{}, 1]]),
  ]);
  assert.deepEqual(
    families.map(({ name, type }) => `${name} ${type}`),
    ['jobs counter', 'lat histogram'],
  );
});

test('N13: quotes in help text are escaped too', () => {
  const { text } = openMetrics([metric('a', '', 'gauge', [[{}, 1]], 'say "a\\b"\nagain')]);
  assert.match(text, /^# HELP a say \\"a\\\\b\\"\\nagain$/m);
});

test('H1 H2 H4 F2: a histogram, its bounds with a point or an exponent, the samples of a series together', () => {
  const series = [
    histogram('h', 's', { a: 'x' }, [0.00001, 1, 1e6], [1, 0, 0, 2]),
    histogram('h', 's', {}, [1], [1, 1]),
  ];
  assert.match(
    openMetrics(series).text,
    new RegExp(
      [
        'h_seconds_bucket{a="x",le="1e-05"} 1',
        'h_seconds_bucket{a="x",le="1.0"} 1',
        'h_seconds_bucket{a="x",le="1e\\+06"} 1',
        'h_seconds_bucket{a="x",le="\\+Inf"} 3',
        'h_seconds_sum{a="x"} 1.5',
        'h_seconds_count{a="x"} 3',
        'h_seconds_bucket{le="1.0"} 1',
      ].join('\n'),
      'm',
    ),
  );
});

test('H3: a histogram without a sum, or with negative bounds, has neither sum nor count', () => {
  const { families } = openMetrics([histogram('h', '', {}, [-1, 1], [1, 1, 0])]);
  assert.deepEqual(
    families[0]?.samples.map(({ name }) => name),
    ['h_bucket', 'h_bucket', 'h_bucket'],
  );
});

test('C3: a point of a counter that is negative or no number is left out with a warning, the others stay', () => {
  const { text, warnings } = openMetrics([
    metric('c', '', 'counter', [
      [{ v: 'a' }, -1],
      [{ v: 'b' }, Number.NaN],
      [{ v: 'c' }, 3],
    ]),
  ]);
  assert.match(text, /^# TYPE c counter\nc_total\{v="c"\} 3\n# EOF$/m);
  assert.equal(warnings.length, 1);
});

test('F10: a family of which no point can be shown has no line', () => {
  assert.equal(openMetrics([metric('c', '', 'counter', [[{}, -1]])]).text, '# EOF\n');
});

test('C4: no series tells when a metric began, for that would double them', () => {
  const { text } = openMetrics([metric('c', '', 'counter', [[{}, 1]]), histogram('h', '', {}, [1], [1, 0])]);
  assert.doesNotMatch(text, /_created/);
});

test('C4: on request counters and histograms say in seconds when they began', () => {
  const metrics = [
    { ...metric('c', '', 'counter', [[{ k: 'v' }, 1]]) },
    histogram('h', '', {}, [1], [1, 0]),
    metric('g', '', 'gauge', [[{}, 1]]),
  ];
  for (const { dataPoints } of metrics) Object.assign(dataPoints[0] ?? {}, { startTime: [1520872607, 123_000_000] });
  const { text } = page(metrics, {}, 'OpenMetrics', { showCreated: true });
  assert.equal(parseOpenMetrics(text).length, 3);
  const created = text.split('\n').filter((line) => line.includes('_created'));
  assert.deepEqual(created, ['c_created{k="v"} 1520872607.123', 'h_created 1520872607.123']);
  assert.doesNotMatch(page(metrics, {}, 'text', { showCreated: true }).text, /_created/);
});

test('E1 E2 E3 E5: each bucket shows its latest exemplar, with span and time', () => {
  const exemplars: [number, number, string][] = [
    [0.5, 1_520_879_607_789, 'a'],
    [1, 1_520_879_608_000, 'b'],
    [7, 1_520_879_609_001, 'c'],
  ];
  const { text } = openMetrics([withExemplars(histogram('h', '', { k: 'v' }, [1, 5], [2, 0, 1]), ...exemplars)]);
  assert.deepEqual(text.split('\n').slice(1), [
    `h_bucket{k="v",le="1.0"} 2 # {${TRACE},span_id="000000000000000b"} 1 1520879608.000`,
    'h_bucket{k="v",le="5.0"} 2',
    `h_bucket{k="v",le="+Inf"} 3 # {${TRACE},span_id="000000000000000c"} 7 1520879609.001`,
    'h_sum{k="v"} 1.5',
    'h_count{k="v"} 3',
    '# EOF',
    '',
  ]);
});

test('E1 E5: a counter shows its latest exemplar, a gauge none', () => {
  const exemplars: [number, number, string][] = [
    [1, 2000, 'b'],
    [1, 1000, 'a'],
  ];
  const { text } = openMetrics([
    withExemplars(metric('c', '', 'counter', [[{}, 2]]), ...exemplars),
    withExemplars(metric('g', '', 'gauge', [[{}, 2]]), ...exemplars),
  ]);
  assert.match(text, new RegExp(`^c_total 2 # {${TRACE},span_id="000000000000000b"} 1 2.000$`, 'm'));
  assert.match(text, /^g 2$/m);
});

test('E1: text 0.0.4 has no exemplars', () => {
  const { text } = page([withExemplars(histogram('h', '', {}, [1], [1, 0]), [0.5, 1000, 'a'])]);
  assert.doesNotMatch(text, /span_id/);
});
