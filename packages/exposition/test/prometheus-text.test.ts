import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { AggregationTemporality } from '@opentelemetry/sdk-metrics';
import { bucketBound } from '../src/numbers.ts';
import { histogram, type Kind, metric, page } from './support/pages.ts';

const namesOf = (text: string) => text.split('\n').flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);

for (const [rule, name, unit, kind, expected] of [
  ['N1 N4 N11', 'http.server.requests', '{request}', 'counter', 'http_server_requests_total'],
  ['N1 N4', 'process.cpu.time', 's', 'counter', 'process_cpu_time_seconds_total'],
  ['N2', 'a..b__c', '', 'gauge', 'a_b_c'],
  ['N3', '5xx.errors', '', 'counter', '_5xx_errors_total'],
  ['N5', 'io', 'By/{op}', 'gauge', 'io_bytes'],
  ['N6', 'throughput', 'By/s', 'gauge', 'throughput_bytes_per_second'],
  ['N7', 'fuel', 'custom unit', 'gauge', 'fuel_custom_unit'],
  ['N8', 'http.request.seconds', 's', 'gauge', 'http_request_seconds'],
  ['N8', 'foo.bytes.read', 'By', 'counter', 'foo_bytes_read_total'],
  ['N9', 'nodejs.eventloop.utilization', '1', 'gauge', 'nodejs_eventloop_utilization_ratio'],
  ['N9', 'share', '1', 'updown', 'share'],
  ['N11', 'jobs_total', '', 'counter', 'jobs_total'],
] satisfies [string, string, string, Kind, string][]) {
  test(`${rule}: ${name} (${unit || 'no unit'}, ${kind}) is exposed as ${expected}`, () => {
    assert.deepEqual(namesOf(page([metric(name, unit, kind, [[{}, 1]])]).text), [expected]);
  });
}

test('N3: a metric of whose name nothing is left is left out with one warning, however often it is scraped', () => {
  const { text, warnings, again } = page([metric('__', '', 'gauge', [[{}, 1]])]);
  again();
  assert.equal(text, '');
  assert.equal(warnings.length, 1);
});

test('N13: help text is escaped, and absent when there is no description', () => {
  const text = page([
    metric('a', '', 'gauge', [[{}, 1]], 'back\\slash\nline'),
    metric('b', '', 'gauge', [[{}, 1]]),
  ]).text;
  assert.equal(text, '# HELP a back\\\\slash\\nline\n# TYPE a gauge\na 1\n# TYPE b gauge\nb 1\n');
});

test('L4: keys that meet in one label name are joined in the order of the original keys', () => {
  const { text } = page([metric('m', '', 'gauge', [[{ a_b: 'a', 'a.b': 'z', 'a-b': 'm' }, 1]])]);
  assert.equal(text, '# TYPE m gauge\nm{a_b="m;z;a"} 1\n');
});

test('L2 L3: no label can be forged or illegal', () => {
  const attributes = { __name__: 'x', '1st': 'y', '': 'gone', ünï: 'z' };
  assert.match(page([metric('m', '', 'gauge', [[attributes, 1]])]).text, /^m\{key_1st="y",_name_="x",_n_="z"\} 1$/m);
});

test('L6: an attribute le on a histogram becomes exported_le', () => {
  const { text } = page([histogram('h', 's', { le: 'mine' }, [1], [1, 0])]);
  assert.match(text, /^h_seconds_bucket\{exported_le="mine",le="1"\} 1$/m);
});

test('L7: values that are no strings are written as the specification says', () => {
  const attributes = {
    b: true,
    n: Number.NaN,
    l: ['x', Number.POSITIVE_INFINITY],
    m: { k: null },
  } as unknown as Attributes;
  const expected = 'm{b="true",l="[\\"x\\",\\"Infinity\\"]",m="{\\"k\\":null}",n="NaN"} 1';
  assert.ok(page([metric('m', '', 'gauge', [[attributes, 1]])]).text.includes(expected));
});

test('L8: a value that cannot be turned into text costs that one label, never the page', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const attributes = { cyclic, symbol: Symbol('s'), fn: () => 1, big: 1n, ok: 'yes' } as unknown as Attributes;
  assert.match(page([metric('m', '', 'gauge', [[attributes, 1]])]).text, /^m\{ok="yes"\} 1$/m);
});

test('L9: quotes, backslashes, line feeds and lone surrogates are safe in a value', () => {
  const { text } = page([metric('m', '', 'gauge', [[{ v: '"\\\n\ud800é' }, 1]])]);
  assert.match(text, /^m\{v="\\"\\\\\\n\ufffdé"\} 1$/m);
});

test('S5 S6: the resource is target_info, first on the page', () => {
  const { text } = page([metric('m', '', 'gauge', [[{}, 1]])], { 'service.name': 'payments' });
  assert.match(text, /^# HELP target_info .*\n# TYPE target_info gauge\ntarget_info\{service_name="payments"\} 1\n/);
});

test("S7: the application's own target.info does not stand beside the resource's", () => {
  const { text, warnings } = page([metric('target.info', '', 'gauge', [[{}, 1]])], { a: 'b' });
  assert.equal(text.match(/^# TYPE target_info/gm)?.length, 1);
  assert.match(warnings[0] ?? '', /"target.info" is not on the page/);
});

test('F1 F2: one name in two scopes is one family in one block', () => {
  const text = page([
    metric('jobs', '', 'counter', [[{ q: 'a' }, 1]]),
    metric('other', '', 'gauge', [[{}, 1]]),
    metric('jobs', '', 'counter', [[{ q: 'b' }, 2]]),
  ]).text;
  assert.equal(
    text,
    '# TYPE jobs_total counter\njobs_total{q="a"} 1\njobs_total{q="b"} 2\n# TYPE other gauge\nother 1\n',
  );
});

test('F3 F5: on a type conflict the first registered stays, and the loser is named once', () => {
  const { text, warnings, again } = page([
    histogram('lat', '', {}, [1], [1, 0]),
    metric('lat', '', 'gauge', [[{}, 1]]),
  ]);
  again();
  assert.deepEqual(namesOf(text), ['lat']);
  assert.match(text, /^lat_count 1$/m);
  assert.deepEqual(warnings, ['metric "lat" is not on the page: lat is a histogram already and this one is a gauge']);
});

test('F6: values of different units are never merged', () => {
  const text = page([metric('lat', 's', 'gauge', [[{}, 1]]), metric('lat', 'ms', 'gauge', [[{}, 1]])]).text;
  assert.deepEqual(namesOf(text), ['lat_seconds', 'lat_milliseconds']);
});

test('F7: a metric that would write the samples of a histogram is left out', () => {
  const { text, warnings } = page([
    histogram('foo', '', {}, [1], [1, 0]),
    metric('foo.bucket', '', 'gauge', [[{}, 1]]),
  ]);
  assert.deepEqual(namesOf(text), ['foo']);
  assert.match(warnings[0] ?? '', /"foo.bucket" is not on the page: its sample foo_bucket belongs to the family foo/);
});

test('F9: two scopes with the same series are told apart, and no sample is written twice', () => {
  const text = page([metric('d', '', 'counter', [[{}, 1]]), metric('d', '', 'counter', [[{}, 2]])]).text;
  assert.equal(text, '# TYPE d_total counter\nd_total 1\nd_total{otel_scope_name="scope1"} 2\n');
});

test('H1 H2: buckets are cumulative and end with +Inf, which equals the count', () => {
  assert.equal(
    page([histogram('h', 's', { a: 'b' }, [0.1, 1], [2, 0, 3])]).text,
    [
      '# TYPE h_seconds histogram',
      'h_seconds_bucket{a="b",le="0.1"} 2',
      'h_seconds_bucket{a="b",le="1"} 2',
      'h_seconds_bucket{a="b",le="+Inf"} 5',
      'h_seconds_sum{a="b"} 1.5',
      'h_seconds_count{a="b"} 5',
      '',
    ].join('\n'),
  );
});

test('H3: a histogram of negative bounds has a count and no sum', () => {
  const { text } = page([histogram('h', '', {}, [-1, 1], [1, 1, 0])]);
  assert.match(text, /^h_count 2$/m);
  assert.doesNotMatch(text, /h_sum/);
});

test('H4: a bound is written as all client libraries write it', () => {
  const bounds = [0, 0.00001, 0.005, 0.075, 1, 2.5, 100000, 1000000, 123456789, -0.5];
  const expected = ['0', '1e-05', '0.005', '0.075', '1', '2.5', '100000', '1e+06', '1.23456789e+08', '-0.5'];
  assert.deepEqual(bounds.map(bucketBound), expected);
});

test('H6: a delta sum is never printed as if it were cumulative', () => {
  const delta = { ...metric('d', '', 'counter', [[{}, 1]]), aggregationTemporality: AggregationTemporality.DELTA };
  const { text, warnings } = page([delta]);
  assert.equal(text, '');
  assert.equal(warnings.length, 1);
});

test('C6: NaN and the infinities are written as Prometheus reads them', () => {
  const points: [Attributes, number][] = [
    [{ v: 'a' }, Number.NaN],
    [{ v: 'b' }, Number.POSITIVE_INFINITY],
    [{ v: 'c' }, Number.NEGATIVE_INFINITY],
  ];
  const { text } = page([metric('g', '', 'gauge', points)]);
  assert.equal(text, '# TYPE g gauge\ng{v="a"} NaN\ng{v="b"} +Inf\ng{v="c"} -Inf\n');
});
