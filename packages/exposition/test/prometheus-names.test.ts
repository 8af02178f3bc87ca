import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { TRANSLATION_STRATEGIES } from '../src/index.ts';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { histogram, metric, type PageOptions, page, summary } from './support/pages.ts';
import { parseText } from './support/prometheus-text-parser.ts';
import { labelsOf, readProtobuf } from './support/protobuf-reader.ts';

const linesOf = (text: string) => text.split('\n').slice(0, -1);

/** Names of which a translation would leave nothing as it is. */
const METRICS = [
  metric('jobs', '', 'counter', [[{ queue__name: 'a', _id: 1 }, 2]]),
  metric('jobs__done_total', '', 'counter', [[{}, 3]]),
  metric('job:age_', '', 'gauge', [[{ 'a-b': 'x' }, 4]]),
];
const asTheyAre = { prometheusScopes: ['scope0', 'scope1', 'scope2'] };

for (const strategy of TRANSLATION_STRATEGIES) {
  test(`the names of scopes that have Prometheus' own stay as they are (${strategy})`, () => {
    const { text, warnings } = page(METRICS, {}, 'text', { ...asTheyAre, strategy });
    assert.deepEqual(linesOf(text), [
      ...['# TYPE jobs counter', 'jobs{_id="1",queue__name="a"} 2'],
      ...['# TYPE jobs__done_total counter', 'jobs__done_total 3'],
      ...['# TYPE job:age_ gauge', 'job:age_{a_b="x"} 4'],
    ]);
    assert.deepEqual(warnings, []);
  });
}

test('in OpenMetrics their counters are not renamed either: one without _total is of unknown type', () => {
  const { text } = page(METRICS, {}, 'OpenMetrics', asTheyAre);
  assert.deepEqual(
    parseOpenMetrics(text).map(({ name, type, samples }) => [name, type, samples[0]?.name]),
    [
      ['jobs', 'unknown', 'jobs'],
      ['jobs__done', 'counter', 'jobs__done_total'],
      ['job:age_', 'gauge', 'job:age_'],
    ],
  );
});

test('scopes beside them are translated as ever, also where they have the same attributes', () => {
  const attributes = { queue__name: 'a' };
  const both = [metric('a__b', '', 'gauge', [[attributes, 1]]), metric('c__d', '', 'gauge', [[attributes, 2]])];
  const { text } = page(both, {}, 'text', { prometheusScopes: ['scope1'] });
  assert.match(text, /^a_b\{queue_name="a"\} 1$/m);
  assert.match(text, /^c__d\{queue__name="a"\} 2$/m);
});

test('a scraper that wants escaped names gets theirs escaped', () => {
  const { text } = page(METRICS, {}, 'text', { ...asTheyAre, escaping: 'dots' });
  assert.match(text, /^jobs____done__total 3$/m);
});

const latency = summary(
  'latency',
  { route: '/' },
  { quantiles: [0.5, 0.99, 1], values: [1, 2.5, 3], sum: 9, count: 4 },
);

test('a summary has its quantiles, its sum and its count in the text formats', () => {
  const { text } = page([latency]);
  assert.deepEqual(linesOf(text), [
    '# TYPE latency summary',
    ...['0.5"} 1', '0.99"} 2.5', '1"} 3'].map((end) => `latency{route="/",quantile="${end}`),
    ...['latency_sum{route="/"} 9', 'latency_count{route="/"} 4'],
  ]);
  parseText(text);
  const open = page([latency], {}, 'OpenMetrics', { showCreated: true }).text;
  assert.match(open, /^latency\{route="\/",quantile="1\.0"\} 3$/m);
  assert.match(open, /^latency_created\{route="\/"\} 0$/m);
  parseOpenMetrics(open);
});

test('a summary is one in protobuf', () => {
  const { bytes } = page([latency], {}, 'protobuf');
  const [family] = readProtobuf(bytes());
  assert.equal(family?.type, 'summary');
  assert.deepEqual(
    [labelsOf(family?.metric[0] ?? {}), family?.metric[0]?.summary],
    [
      { route: '/' },
      {
        sampleCount: 4,
        sampleSum: 9,
        quantile: [
          { quantile: 0.5, value: 1 },
          { quantile: 0.99, value: 2.5 },
          { quantile: 1, value: 3 },
        ],
      },
    ],
  );
});

test('L6: an attribute cannot pass for the quantile of a summary', () => {
  const none = { quantiles: [0.5], values: [1], sum: 1, count: 1 };
  assert.match(page([summary('s', { quantile: 'x' }, none)]).text, /^s\{exported_quantile="x",quantile="0\.5"\} 1$/m);
});

test('what a summary may not have in OpenMetrics is left out there, and said', () => {
  const below = summary('below', {}, { quantiles: [0.5, 1], values: [-1, 2], sum: -3, count: 2 });
  const { text, warnings } = page([below], {}, 'OpenMetrics');
  assert.deepEqual(linesOf(text).slice(0, -1), ['# TYPE below summary', 'below{quantile="1.0"} 2', 'below_count 2']);
  assert.deepEqual(warnings, ['OpenMetrics: a quantile of the summary below is not on the page: it is negative']);
  assert.match(page([below]).text, /^below_sum -3$/m);
});

test('F5: nobody else may have the names of a summary', () => {
  const { text, warnings } = page([latency, metric('latency.sum', '', 'gauge', [[{}, 1]])]);
  assert.equal(parseText(text).length, 1);
  assert.equal(warnings.length, 1);
});

function countedWith(exemplar: object) {
  const counted = metric('jobs_total', '', 'counter', [[{}, 1]]);
  const exemplars = [{ value: 1, time: 1_520_879_607_789, ...exemplar }];
  return { ...counted, dataPoints: [{ ...counted.dataPoints[0], exemplars }] } as unknown as MetricData;
}

test('E1: an exemplar has the labels that it was given, escaped and legal', () => {
  const withIt = countedWith({ filteredAttributes: { traceId: 'a"b', 'user-id': 7 } });
  const options: PageOptions = { prometheusScopes: ['scope0'] };
  const { text } = page([withIt], {}, 'OpenMetrics', options);
  assert.match(text, /^jobs_total 1 # \{traceId="a\\"b",user_id="7"\} 1 1520879607\.789$/m);
  parseOpenMetrics(text);
  const [family] = readProtobuf(page([withIt], {}, 'protobuf', options).bytes());
  assert.deepEqual(family?.metric[0]?.counter.exemplar.label, [
    { name: 'traceId', value: 'a"b' },
    { name: 'user_id', value: '7' },
  ]);
});

test('E2 E4: of an exemplar the span comes first, and what there is no room for is left out', () => {
  const shown = (exemplar: object) => {
    const { text } = page([countedWith(exemplar)], {}, 'OpenMetrics', { prometheusScopes: ['scope0'] });
    parseOpenMetrics(text);
    return / # (\{.*\}) 1 /.exec(text)?.[1];
  };
  const [traceId, spanId] = ['1'.repeat(32), '2'.repeat(16)];
  const ofSpan = `trace_id="${traceId}",span_id="${spanId}"`;
  const attributes = { a: 'x', trace_id: 'other' };
  assert.equal(shown({ traceId, spanId, filteredAttributes: attributes }), `{${ofSpan},a="x"}`);
  assert.equal(shown({ traceId, spanId, filteredAttributes: { a: 'x'.repeat(65) } }), `{${ofSpan}}`);
  assert.equal(shown({ filteredAttributes: { a: '😀'.repeat(127) } }), `{a="${'😀'.repeat(127)}"}`);
  assert.equal(shown({ filteredAttributes: { a: '😀'.repeat(128) } }), '{}');
});

test('a histogram of such a scope has its bounds as all have', () => {
  const { text } = page([histogram('h__s', '', {}, [1, 2], [1, 0, 1])], {}, 'text', { prometheusScopes: ['scope0'] });
  assert.match(text, /^h__s_bucket\{le="2"\} 1$/m);
});
