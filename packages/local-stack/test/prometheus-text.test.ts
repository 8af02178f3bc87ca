import assert from 'node:assert/strict';
import { test } from 'node:test';
import { histogramQuantile, parsePrometheusText, samplesOf, sumOf } from '@payments/local-stack';

const page = `# HELP requests_total Requests,\\nby "route" \\\\ status.
# TYPE requests_total counter
requests_total{route="/a",status="200"} 3
requests_total{route="/b}\\"x\\\\,\\n",status="500",} 1 1700000000000
# a remark
# TYPE latency_seconds histogram
latency_seconds_bucket{le="0.1"} 50
latency_seconds_bucket{le="0.5"} 90
latency_seconds_bucket{le="+Inf"} 100
latency_seconds_sum 20.5
latency_seconds_count 100
# TYPE odd gauge
odd{kind="nan"} NaN
odd{kind="minus"} -Inf
odd{kind="small"} 1.5e-07
lonely_count 4
`;

test('families carry type, help and all their samples', () => {
  const families = parsePrometheusText(page);
  assert.deepEqual([...families.keys()], ['requests_total', 'latency_seconds', 'odd', 'lonely_count']);
  assert.equal(families.get('requests_total')?.type, 'counter');
  assert.equal(families.get('requests_total')?.help, 'Requests,\nby "route" \\ status.');
  assert.equal(families.get('latency_seconds')?.samples.length, 5);
  assert.equal(families.get('lonely_count')?.type, 'untyped');
});

test('label values may hold every character', () => {
  const [, odd] = samplesOf(parsePrometheusText(page), 'requests_total');
  assert.deepEqual(odd, { name: 'requests_total', labels: { route: '/b}"x\\,\n', status: '500' }, value: 1 });
});

test('values may be infinite, no number, or in powers of ten', () => {
  const values = samplesOf(parsePrometheusText(page), 'odd').map(({ value }) => value);
  assert.deepEqual(values, [Number.NaN, Number.NEGATIVE_INFINITY, 1.5e-7]);
});

test('samples are chosen by label and added up', () => {
  const families = parsePrometheusText(page);
  assert.equal(sumOf(families, 'requests_total'), 4);
  assert.equal(
    sumOf(families, 'requests_total', ({ status }) => status === '500'),
    1,
  );
  assert.equal(sumOf(families, 'latency_seconds_count'), 100);
  assert.equal(sumOf(families, 'no_such_total'), 0);
});

test('a quantile is interpolated in its bucket, and is the last bound for what lies above it', () => {
  const buckets = samplesOf(parsePrometheusText(page), 'latency_seconds_bucket');
  assert.equal(histogramQuantile(0.5, buckets), 0.1);
  assert.equal(histogramQuantile(0.25, buckets), 0.05);
  assert.equal(histogramQuantile(0.7, buckets), 0.1 + 0.4 * (20 / 40));
  assert.equal(histogramQuantile(0.95, buckets), 0.5);
  assert.equal(histogramQuantile(0.95, []), Number.NaN);
});

test('a quantile joins the buckets of several series', () => {
  const series = ['a', 'b'].flatMap((route) => [
    { name: 'x_bucket', labels: { route, le: '1' }, value: 5 },
    { name: 'x_bucket', labels: { route, le: '+Inf' }, value: 5 },
  ]);
  assert.equal(histogramQuantile(0.5, series), 0.5);
});

for (const [what, line] of [
  ['a sample without a value', 'requests_total{a="b"}'],
  ['an open quote', 'requests_total{a="b} 1'],
  ['an unknown escape', 'requests_total{a="\\t"} 1'],
  ['a label named twice', 'requests_total{a="1",a="2"} 1'],
  ['a word for a value', 'requests_total many'],
  ['a sample that is there already', 'twice{a="1",b="2"} 1\ntwice{b="2",a="1"} 1'],
  ['a family that is described twice', '# TYPE a counter\na 1\n# TYPE a counter'],
] as const) {
  test(`${what} is refused, with its line`, () => {
    assert.throws(() => parsePrometheusText(`ok 1\n${line}\n`), /^Error: line [234] of the page/);
  });
}
