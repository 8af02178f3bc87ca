import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TranslationStrategy } from '../src/index.ts';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { histogram, type Kind, metric, type PageOptions, page } from './support/pages.ts';
import { parseText } from './support/prometheus-text-parser.ts';
import { labelsOf, readProtobuf } from './support/protobuf-reader.ts';

type Escaping = NonNullable<PageOptions['escaping']>;

/** What is on the page of one metric: names of the samples and their labels. */
function shown(options: PageOptions, name: string, unit = '', kind: Kind = 'gauge', key = 'k') {
  const { text, warnings } = page([metric(name, unit, kind, [[{ [key]: 'v' }, 1]])], {}, 'text', options);
  const samples = parseText(text, options.escaping === 'allow-utf-8').flatMap(({ samples }) => samples);
  return {
    names: samples.map(({ name }) => name),
    labels: samples.flatMap(({ labels }) => [...labels.keys()]),
    warnings,
  };
}

for (const [rule, strategy, underscores, utf8] of [
  ['N14 N15', undefined, 'foo_bar_bytes_total', 'foo_bar_bytes_total'],
  ['N15', 'underscore_escaping_with_suffixes', 'foo_bar_bytes_total', 'foo_bar_bytes_total'],
  ['N15', 'underscore_escaping_without_suffixes', 'foo_bar', 'foo_bar'],
  ['N15', 'no_utf8_escaping_with_suffixes', 'foo_bar_bytes_total', 'foo.bar_bytes_total'],
  ['N15', 'no_translation', 'foo_bar', 'foo.bar'],
] satisfies [string, TranslationStrategy | undefined, string, string][]) {
  test(`${rule}: the counter foo.bar in By is ${underscores} or ${utf8} under ${strategy ?? 'no strategy named'}`, () => {
    const options = strategy ? { strategy } : {};
    const names = (escaping: Escaping) => shown({ ...options, escaping }, 'foo.bar', 'By', 'counter').names;
    assert.deepEqual([names('underscores'), names('allow-utf-8')], [[underscores], [utf8]]);
  });
}

for (const [name, unit, kind, expected] of [
  ['foo.total', '', 'counter', 'foo_total'],
  ['foo.bytes', 'By', 'counter', 'foo_bytes_total'],
  ['foo_bytes_total', 'By', 'counter', 'foo_bytes_total'],
  ['utilization', '1', 'gauge', 'utilization_ratio'],
  ['total', '', 'counter', 'total_total'],
] satisfies [string, string, Kind, string][]) {
  test(`N8 N11: ${name} has each suffix once where names are kept: ${expected}`, () => {
    const options: PageOptions = { strategy: 'no_utf8_escaping_with_suffixes', escaping: 'allow-utf-8' };
    assert.deepEqual(shown(options, name, unit, kind).names, [expected]);
  });
}

// The cases of prometheus/common's TestEscapeName, and a few of our own.
for (const [name, underscores, dots, values] of [
  ['no_escapes', 'no_escapes', 'no__escapes', 'no_escapes'],
  ['no:escapes', 'no:escapes', 'no:escapes', 'no:escapes'],
  ['http.status:sum', 'http_status:sum', 'http_dot_status:sum', 'U__http_2e_status:sum'],
  ['label with 😱', 'label_with__', 'label__with____', 'U__label_20_with_20__1f631_'],
  ['1st', '_st', '__st', 'U___31_st'],
  ['with_é', 'with__', 'with____', 'U__with___e9_'],
] as const) {
  test(`L12: ${name} is ${underscores}, ${dots}, ${values} or as it is`, () => {
    const names = (escaping: Escaping) => shown({ strategy: 'no_translation', escaping }, name).names;
    const escapings = ['underscores', 'dots', 'values', 'allow-utf-8'] as const;
    assert.deepEqual(escapings.map(names), [[underscores], [dots], [values], [name]]);
  });
}

test('L12: the keys of labels are escaped likewise, and have no colon', () => {
  const keys = (escaping: Escaping) =>
    shown({ strategy: 'no_translation', escaping }, 'm', '', 'gauge', 'http.route:x').labels;
  assert.deepEqual(keys('underscores'), ['http_route_x']);
  assert.deepEqual(keys('dots'), ['http_dot_route__x']);
  assert.deepEqual(keys('values'), ['U__http_2e_route_3a_x']);
  assert.deepEqual(keys('allow-utf-8'), ['http.route:x']);
});

test('L12: under dots, names that were translated before are escaped too', () => {
  assert.deepEqual(shown({ escaping: 'dots' }, 'foo.bar', 'By', 'counter', 'a.b'), {
    names: ['foo__bar__bytes__total'],
    labels: ['a__b'],
    warnings: [],
  });
});

test('L4 L12: keys that are one label only when they are escaped are joined', () => {
  const options: PageOptions = { strategy: 'no_translation', escaping: 'underscores' };
  const { text } = page([metric('m', '', 'gauge', [[{ 'a.b': 'x', 'a-b': 'y' }, 1]])], {}, 'text', options);
  assert.match(text, /^m\{a_b="y;x"\} 1$/m);
});

test('L13: names that only newer versions read are quoted, the others are not', () => {
  const options: PageOptions = { strategy: 'no_translation', escaping: 'allow-utf-8' };
  const metrics = [
    metric('foo.bar', '', 'gauge', [
      [{ 'a.b': '1', c: '2' }, 1],
      [{}, 2],
    ]),
    metric('say "a\\b"', '', 'gauge', [[{}, 3]], 'Help.'),
    histogram('h.i', '', {}, [1], [1, 0]),
  ];
  const { text } = page(metrics, {}, 'text', options);
  assert.deepEqual(text.trimEnd().split('\n'), [
    '# TYPE "foo.bar" gauge',
    '{"foo.bar","a.b"="1",c="2"} 1',
    '{"foo.bar"} 2',
    '# HELP "say \\"a\\\\b\\"" Help.',
    '# TYPE "say \\"a\\\\b\\"" gauge',
    '{"say \\"a\\\\b\\""} 3',
    '# TYPE "h.i" histogram',
    '{"h.i_bucket",le="1"} 1',
    '{"h.i_bucket",le="+Inf"} 1',
    '{"h.i_sum"} 1.5',
    '{"h.i_count"} 1',
  ]);
  const families = parseOpenMetrics(page(metrics, {}, 'OpenMetrics', options).text, true);
  assert.deepEqual(
    families.map(({ name, type }) => [name, type]),
    [
      ['foo.bar', 'gauge'],
      ['say "a\\b"', 'gauge'],
      ['h.i', 'histogram'],
    ],
  );
});

test('L14: without allow-utf-8 no name is quoted, whatever the strategy', () => {
  for (const escaping of ['underscores', 'dots', 'values'] as const) {
    const { text } = page([metric('foo.bar', '', 'gauge', [[{ 'a.b': '1' }, 1]])], {}, 'text', {
      strategy: 'no_translation',
      escaping,
    });
    parseText(text, false);
  }
});

test('L13: protobuf has names as they are, under allow-utf-8 only', () => {
  const names = (escaping: Escaping) => {
    const options: PageOptions = { strategy: 'no_translation', escaping };
    const { bytes } = page([metric('foo.bar', '', 'gauge', [[{ 'a.b': '1' }, 1]])], {}, 'protobuf', options);
    return readProtobuf(bytes()).map(({ name, metric: [one] }) => [name, labelsOf(one ?? {})]);
  };
  assert.deepEqual(names('allow-utf-8'), [['foo.bar', { 'a.b': '1' }]]);
  assert.deepEqual(names('underscores'), [['foo_bar', { a_b: '1' }]]);
});

test('C2: where a counter has no _total, OpenMetrics does not know what it is', () => {
  const options: PageOptions = { strategy: 'underscore_escaping_without_suffixes' };
  const metrics = [metric('jobs', '', 'counter', [[{}, 1]])];
  assert.equal(page(metrics, {}, 'OpenMetrics', options).text, '# TYPE jobs unknown\njobs 1\n# EOF\n');
  assert.equal(page(metrics, {}, 'text', options).text, '# TYPE jobs counter\njobs 1\n');
});

test('L2: the name of a metric cannot be forged by a label where keys are kept', () => {
  const options: PageOptions = { strategy: 'no_translation', escaping: 'allow-utf-8' };
  assert.deepEqual(shown(options, 'm', '', 'gauge', '__name__').labels, ['exported___name__']);
});

test('L10: an empty value is no label, so a second series with it is none', () => {
  const points = [metric('m', '', 'gauge', [[{ a: '', b: undefined as unknown as string }, 1]])];
  assert.equal(page(points).text, '# TYPE m gauge\nm 1\n');
});
