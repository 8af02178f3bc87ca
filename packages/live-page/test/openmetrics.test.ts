import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOpenMetrics } from '../src/openmetrics.ts';

const parse = (...lines: string[]) => parseOpenMetrics(`${lines.join('\n')}\n# EOF\n`);

test('a counter is found by its family, with and without the unit that a setting leaves out', () => {
  for (const name of ['process_cpu_time_seconds', 'process_cpu_time']) {
    const page = parse(`# TYPE ${name} counter`, `# HELP ${name} x`, `${name}_total{cpu_mode="user"} 1.5`);
    const [series] = page.get('process_cpu_time')?.values() ?? [];
    assert.deepEqual([series?.value, series?.labels.get('cpu_mode')], [1.5, 'user']);
  }
});

test('a histogram is one series with its buckets, its sum, its count and its exemplars', () => {
  const page = parse(
    '# TYPE d_seconds histogram',
    'd_seconds_bucket{route="/",le="0.1"} 2 # {trace_id="abc",span_id="def"} 0.05 1700000000.5',
    'd_seconds_bucket{route="/",le="+Inf"} 3',
    'd_seconds_sum{route="/"} 5.05',
    'd_seconds_count{route="/"} 3',
    'd_seconds_created{route="/"} 1700000000',
  );
  assert.deepEqual(
    [...(page.get('d') ?? [])],
    [
      [
        'route="/"',
        {
          labels: new Map([['route', '/']]),
          value: 3,
          sum: 5.05,
          bounds: [0.1, Number.POSITIVE_INFINITY],
          cumulative: [2, 3],
          exemplars: [{ traceId: 'abc', value: 0.05, time: 1_700_000_000_500 }],
        },
      ],
    ],
  );
});

test('a histogram without labels, and a gauge without any, are read', () => {
  const page = parse(
    '# TYPE d histogram',
    'd_bucket{le="+Inf"} 1',
    'd_sum 2',
    'd_count 1',
    '# TYPE g gauge',
    'g 7 123',
  );
  assert.deepEqual(page.get('d')?.get('')?.cumulative, [1]);
  assert.equal(page.get('g')?.get('')?.value, 7);
});

test('labels may hold whatever they like: quotes, braces, backslashes, newlines, markup', () => {
  for (const value of [
    'a"} 1 # {',
    '\\',
    'a\\"} 2',
    'line\nbreak',
    '<img src=x onerror=alert(1)>',
    ',le="1"',
    '# TYPE x',
  ]) {
    const escaped = value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
    const page = parse('# TYPE g gauge', `g{first="x",label="${escaped}"} 42`);
    const [series] = page.get('g')?.values() ?? [];
    assert.deepEqual([series?.labels.get('label'), series?.value], [value, 42]);
  }
});

test('a label that is called like a property of objects is a label', () => {
  const [series] = parse('# TYPE g gauge', 'g{__proto__="x",constructor="y"} 1').get('g')?.values() ?? [];
  assert.deepEqual(
    [...(series?.labels ?? [])],
    [
      ['__proto__', 'x'],
      ['constructor', 'y'],
    ],
  );
});

test('a page that was cut off is none', () => {
  assert.throws(() => parseOpenMetrics('# TYPE g gauge\ng 4'), /cut off/);
});
