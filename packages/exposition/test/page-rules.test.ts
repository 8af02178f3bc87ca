import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { exponential, histogram, metric, page, withExemplars } from './support/pages.ts';
import { readProtobuf } from './support/protobuf-reader.ts';

const linesOf = (text: string) => text.split('\n').slice(0, -1);

test('N12: the type follows from the kind of point', () => {
  const { text } = page([
    metric('added', '', 'counter', [[{}, 1]]),
    metric('moved', '', 'updown', [[{}, 1]]),
    metric('shown', '', 'gauge', [[{}, 1]]),
    histogram('spread', '', {}, [1], [1, 0]),
    exponential('spread.finely', '', {}, { positive: { offset: 0, bucketCounts: [1] } }),
  ]);
  const types = Array.from(text.matchAll(/^# TYPE (\S+ \S+)$/gm), ([, line]) => line);
  assert.deepEqual(types, [
    'added_total counter',
    'moved gauge',
    'shown gauge',
    'spread histogram',
    'spread_finely histogram',
  ]);
});

test('N16: no translation makes a colon, which is for recording rules', () => {
  const { text } = page([metric('job.rate', 'By/s:m', 'gauge', [[{ 'a:b': 'c:d' }, 1]])]);
  assert.doesNotMatch(text.replaceAll('"c:d"', ''), /:/);
});

test('L1 L11: every attribute is a label, in the same order on every page and whatever the order of the attributes', () => {
  const attributes = { z: 1, a: true, m: 'x' };
  const { text, again } = page([
    metric('one', '', 'gauge', [[attributes, 1]]),
    metric('other', '', 'gauge', [[{ m: 'x', z: 1, a: true }, 1]]),
  ]);
  assert.match(text, /^one\{a="true",m="x",z="1"\} 1$/m);
  assert.match(text, /^other\{a="true",m="x",z="1"\} 1$/m);
  assert.equal(again(), text);
});

test('F4: on different help or units in two scopes the first comment stands, and all points stay', () => {
  const { text } = page([
    metric('jobs', '', 'counter', [[{ queue: 'a' }, 1]], 'Jobs.'),
    metric('jobs', '', 'counter', [[{ queue: 'b' }, 2]], 'Work.'),
  ]);
  assert.deepEqual(linesOf(text), [
    '# HELP jobs_total Jobs.',
    '# TYPE jobs_total counter',
    'jobs_total{queue="a"} 1',
    'jobs_total{queue="b"} 2',
  ]);
});

test('F11 F12: what has not changed is on every page, in the same place', () => {
  const { text, again } = page([
    metric('b', '', 'gauge', [[{}, 1]]),
    metric('a', '', 'counter', [[{}, 1]]),
    histogram('c', '', {}, [1], [1, 0]),
  ]);
  for (let i = 0; i < 3; i++) assert.equal(again(), text);
});

test('H5: the bounds of a histogram are unique, its counts are whole and never negative', () => {
  const { text } = page([histogram('h', '', {}, [0.1, 1, 1e6], [3, 0, 2, 1])]);
  const buckets = Array.from(text.matchAll(/le="(\S+)"\} (\S+)$/gm), ([, bound, count]) => [bound, Number(count)]);
  assert.deepEqual(buckets, [
    ['0.1', 3],
    ['1', 3],
    ['1e+06', 5],
    ['+Inf', 6],
  ]);
});

test("H7: the instrument's advice decides the buckets, and the SDK's defaults where there is none", async () => {
  const reader = new (class extends MetricReader {
    async onForceFlush() {}
    async onShutdown() {}
  })();
  const meter = new MeterProvider({ readers: [reader] }).getMeter('app');
  meter.createHistogram('advised', { advice: { explicitBucketBoundaries: [0.5, 2] } }).record(1);
  meter.createHistogram('plain').record(1);
  const { resourceMetrics } = await reader.collect();
  const { text } = page(resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics));
  const bounds = (name: string) =>
    Array.from(text.matchAll(new RegExp(`^${name}_bucket\\{le="(\\S+)"\\}`, 'gm')), ([, bound]) => bound);
  assert.deepEqual(bounds('advised'), ['0.5', '2', '+Inf']);
  const defaults = ['0', '5', '10', '25', '50', '75', '100', '250', '500', '750', '1000', '2500', '5000', '7500'];
  assert.deepEqual(bounds('plain'), [...defaults, '10000', '+Inf']);
});

test('C5: no sample has a time', () => {
  for (const format of ['text', 'OpenMetrics'] as const) {
    const { text } = page(
      [metric('c', '', 'counter', [[{ k: 'v' }, 1]]), histogram('h', '', {}, [1], [1, 0])],
      {},
      format,
    );
    for (const line of linesOf(text)) if (!line.startsWith('#')) assert.match(line, /^\w+(?:\{[^}]*\})? \S+$/);
  }
  const { bytes } = page([metric('c', '', 'counter', [[{}, 1]])], {}, 'protobuf');
  assert.equal(readProtobuf(bytes())[0]?.metric[0]?.timestampMs, undefined);
});

test('C7: the series of all that was too much keeps its label', () => {
  const { text } = page([metric('c', '', 'counter', [[{ 'otel.metric.overflow': true }, 1]])]);
  assert.match(text, /^c_total\{otel_metric_overflow="true"\} 1$/m);
});

test('O2 O4: OpenMetrics has no blank line and no comment but TYPE, UNIT, HELP and EOF, and no type untyped', () => {
  const { text } = page(
    [
      metric('c', 's', 'counter', [[{}, 1]], 'Help.'),
      // Under names without _total nobody knows it to be a counter.
      metric('kept', '', 'counter', [[{}, 1]]),
      histogram('h', '', {}, [1], [1, 0]),
    ],
    { a: 'b' },
    'OpenMetrics',
    { strategy: 'underscore_escaping_without_suffixes' },
  );
  parseOpenMetrics(text);
  const comments = linesOf(text).filter((line) => line === '' || line.startsWith('#'));
  assert.deepEqual(new Set(comments.map((line) => line.split(' ')[1])), new Set(['TYPE', 'HELP', 'EOF']));
  assert.match(text, /^# TYPE kept unknown$/m);
  assert.doesNotMatch(text, /untyped/);
});

test('O8: text 0.0.4 has no UNIT', () => {
  const metrics = [metric('c', 's', 'counter', [[{}, 1]])];
  assert.doesNotMatch(page(metrics).text, /UNIT/);
  assert.match(page(metrics, {}, 'OpenMetrics').text, /^# UNIT c_seconds seconds$/m);
});

test('E4: the labels of an exemplar have no more than 128 characters', () => {
  const { text } = page([withExemplars(histogram('h', '', {}, [1], [1, 0]), [1, 1000, 'a'])], {}, 'OpenMetrics');
  const [, labels = ''] = / # \{(.*)\} /.exec(text) ?? [];
  const pairs = labels.matchAll(/(\w+)="(\w+)"/g);
  assert.equal(Array.from(pairs, ([, name, value]) => `${name}${value}`).join('').length, 63);
});

test('X6: the numbers of a native histogram have the wire types of the schema', () => {
  const value = { scale: -1, positive: { offset: -3, bucketCounts: [5, 1, 0, 0, 0, 2] } };
  const { bytes } = page([exponential('h', '', {}, value)], {}, 'protobuf');
  const native = readProtobuf(bytes())[0]?.metric[0]?.histogram;
  assert.equal(native.schema, -1);
  assert.deepEqual(
    [native.positiveSpan, native.positiveDelta],
    [
      [
        { offset: -2, length: 2 },
        { offset: 3, length: 1 },
      ],
      [5, -4, 1],
    ],
  );
});
