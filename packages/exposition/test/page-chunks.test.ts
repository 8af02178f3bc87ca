import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { formatOf, histogram, metric } from './support/pages.ts';

const resourceMetrics = (metrics: MetricData[]): ResourceMetrics => ({
  resource: emptyResource(),
  scopeMetrics: [{ scope: { name: 'test' }, metrics }],
});

/** A histogram of as many series, whose label values are of all lengths and alphabets. */
function wide(series: number): MetricData {
  const [first, ...more] = Array.from({ length: series }, (_, index) => {
    const attributes = { route: `/${'é→😀x'.repeat(index % 50)}/${index}`, index };
    return histogram('h', 's', attributes, [0.1, 1, 10], [index, 1, index * 1e9, 2]);
  });
  return {
    ...first,
    dataPoints: [first, ...more].flatMap((one) => (one?.dataPoints ?? []) as unknown[]),
  } as MetricData;
}

const openMetrics = formatOf('OpenMetrics', 'underscores', (message) => assert.fail(message));

test('a long page comes in chunks of bounded size, each of whole lines, and none is lost or doubled', () => {
  const chunks = Array.from(openMetrics.render(resourceMetrics([wide(2000)]), Buffer.allocUnsafe), (chunk) =>
    Buffer.from(chunk).toString(),
  ).filter((chunk) => chunk !== '');
  assert.ok(chunks.length > 10);
  for (const chunk of chunks) {
    assert.ok(Buffer.byteLength(chunk) <= 64 * 1024);
    assert.equal(chunk.at(-1), '\n');
  }
  const [family] = parseOpenMetrics(chunks.join(''));
  assert.equal(family?.samples.length, 2000 * 6);
  const routes = new Set(family?.samples.map(({ labels }) => labels.get('route')));
  assert.equal(routes.size, 2000);
  for (let index = 0; index < 2000; index++) assert.ok(routes.has(`/${'é→😀x'.repeat(index % 50)}/${index}`));
});

test('memory that is used again does not change the page', () => {
  const data = resourceMetrics([wide(500)]);
  const fresh = Buffer.concat([...openMetrics.render(data, Buffer.allocUnsafe)]).toString();
  const free: Buffer[] = [];
  const allocate = (bytes: number) => free.pop() ?? Buffer.alloc(bytes, 'x');
  let reused = '';
  for (const chunk of openMetrics.render(data, allocate)) {
    if (chunk.length === 0) continue;
    reused += Buffer.from(chunk).toString();
    free.push(Buffer.from(chunk.buffer as ArrayBuffer).fill('y'));
  }
  assert.equal(reused, fresh);
});

test('a label longer than a chunk is shown whole', () => {
  const long = 'ü'.repeat(200_000);
  const data = resourceMetrics([metric('before', '', 'gauge', [[{}, 1]]), histogram('h', '', { long }, [1], [1, 0])]);
  const text = Buffer.concat([...openMetrics.render(data, Buffer.allocUnsafe)]).toString();
  const [, family] = parseOpenMetrics(text);
  assert.deepEqual(
    family?.samples.map(({ labels }) => labels.get('long') === long),
    [true, true, true, true],
  );
});

test('a point is read once, when it is its turn', () => {
  let reads = 0;
  const points = Array.from({ length: 5000 }, (_, index) => ({
    attributes: { index, filler: 'x'.repeat(100) } as Attributes,
    startTime: [0, 0],
    endTime: [0, 0],
    get value() {
      reads++;
      return index;
    },
  }));
  const data = resourceMetrics([{ ...metric('g', '', 'gauge', []), dataPoints: points } as unknown as MetricData]);
  const chunks = openMetrics.render(data, Buffer.allocUnsafe)[Symbol.iterator]();
  chunks.next();
  assert.ok(reads > 0 && reads < 1000, `${reads} points are read for the first chunk`);
  while (!chunks.next().done);
  assert.equal(reads, 5000);
});

for (const value of [
  0,
  9,
  10,
  99,
  100,
  1e6,
  999_999_999,
  1e9,
  2 ** 31,
  2 ** 53,
  1e21,
  -1,
  -0,
  0.1,
  5e-324,
  -1.7976931348623157e308,
]) {
  test(`the value ${value} is written as it is`, () => {
    const data = resourceMetrics([metric('g', '', 'gauge', [[{}, value]])]);
    const text = Buffer.concat([...openMetrics.render(data, Buffer.allocUnsafe)]).toString();
    assert.equal(text, `# TYPE g gauge\ng ${value}\n# EOF\n`);
  });
}
