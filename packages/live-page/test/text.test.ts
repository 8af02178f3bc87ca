import assert from 'node:assert/strict';
import { test } from 'node:test';
import { age, bytes, decimal, duration, percent, withoutZeros } from '../src/format.ts';
import { traceUrl } from '../src/trace-url.ts';

test('numbers have three digits that count, and their unit', () => {
  assert.deepEqual([0, 0.456, 12.34, 99.96, 1240].map(decimal), ['0', '0.46', '12.3', '100', '1,240']);
  assert.deepEqual([0, 0.00085, 0.0123, 0.9999, 1.2, 150].map(duration), [
    '0 ms',
    '850 µs',
    '12.3 ms',
    '1.00 s',
    '1.20 s',
    '2 min 30 s',
  ]);
  assert.deepEqual([0, 999, 1000, 152_400_000].map(bytes), ['0 B', '999 B', '1.00 kB', '152 MB']);
  assert.equal(percent(0.4567), '45.7 %');
  assert.deepEqual([5, 65, 3600, 90_000].map(age), ['5 s', '1 min 5 s', '1 h 0 min', '1 d 1 h']);
  assert.deepEqual(['5.00 ms', '7.50 s', '20.0', '100 ms', '0'].map(withoutZeros), [
    '5 ms',
    '7.5 s',
    '20',
    '100 ms',
    '0',
  ]);
});

test('a trace has a link where a template makes an http(s) URL of it, and none otherwise', () => {
  assert.equal(traceUrl('https://acme.sentry.io/trace/{trace_id}/', 'abc'), 'https://acme.sentry.io/trace/abc/');
  assert.equal(traceUrl('http://localhost:8969/{trace_id}', '../x'), 'http://localhost:8969/..%2Fx');
  for (const template of [
    undefined,
    '',
    'trace/{trace_id}',
    'javascript:alert(1)//{trace_id}',
    'data:text/html,{trace_id}',
  ])
    assert.equal(traceUrl(template, 'abc'), undefined, template);
});
