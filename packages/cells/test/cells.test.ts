import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CellRegistry, KeyTree, OVERFLOW } from '../src/index.ts';

function registry(cardinalityLimit = 2000) {
  return new CellRegistry({ scope: 'test', cardinalityLimit });
}

async function collected(from: CellRegistry) {
  const { resourceMetrics, errors } = await from.collect();
  return { metrics: resourceMetrics.scopeMetrics[0]?.metrics ?? [], errors };
}

test('a counter hands over exactly what was added, one point a label set', async () => {
  const cells = registry();
  const counter = cells.counter({ name: 'jobs', unit: '{job}', description: '' });
  counter.bind({ kind: 'a', queue: undefined }).add(1);
  counter.bind({ kind: 'a' }).add(2);
  counter.bind({ kind: 'b' }).add(5);
  const { metrics } = await collected(cells);
  assert.deepEqual(
    metrics[0]?.dataPoints.map(({ attributes, value }) => [attributes, value]),
    [
      [{ kind: 'a' }, 3],
      [{ kind: 'b' }, 5],
    ],
  );
});

test('the order in which attributes are written makes no second series', async () => {
  const counter = registry().counter({ name: 'jobs', unit: '', description: '' });
  assert.equal(counter.bind({ a: '1', b: '2' }), counter.bind({ b: '2', a: '1' }));
});

test('a histogram puts a value that equals a boundary into the bucket below it, and ignores NaN', async () => {
  const cells = registry();
  const histogram = cells.histogram({ name: 'd', unit: 's', description: '', boundaries: [0.1, 1] });
  const cell = histogram.bind({});
  for (const value of [0.05, 0.1, 0.5, 1, 7, Number.NaN]) cell.record(value);
  const { metrics } = await collected(cells);
  assert.deepEqual(metrics[0]?.dataPoints[0]?.value, {
    buckets: { boundaries: [0.1, 1], counts: [2, 2, 1] },
    sum: 8.65,
    count: 5,
  });
});

test('a metric beyond its limit counts everything else in one overflow series', async () => {
  const cells = registry(2);
  const counter = cells.counter({ name: 'jobs', unit: '', description: '' });
  for (let id = 0; id < 1000; id++) counter.bind({ id }).add(1);
  counter.bind({ id: 0 }).add(1);
  const { metrics } = await collected(cells);
  assert.deepEqual(
    metrics[0]?.dataPoints.map(({ attributes, value }) => [attributes, value]),
    [
      [{ id: 0 }, 2],
      [{ id: 1 }, 1],
      [OVERFLOW, 998],
    ],
  );
});

test('one failing callback costs its own metric, not the scrape', async () => {
  const cells = registry();
  cells.observedGauge({ name: 'bad', unit: '', description: '' }, () => {
    throw new Error('no such thing');
  });
  cells.observedGauge({ name: 'good', unit: '', description: '' }, async (report) => report(7, { state: 'idle' }));
  const { metrics, errors } = await collected(cells);
  assert.deepEqual(
    metrics.map((metric) => metric.descriptor.name),
    ['good'],
  );
  assert.match(String(errors[0]), /no such thing/);
});

test('a key tree keeps what it knows and leads everything beyond its limit to one node', () => {
  const tree = KeyTree.bounded<number>(4);
  const known = tree.child('GET').child('/a').child(200);
  tree.child('POST');
  const beyond = tree.child('PUT').child('/b').child(500);
  assert.equal(tree.child('GET').child('/a').child(200), known);
  assert.equal(known.isOverflow, false);
  assert.equal(beyond.isOverflow, true);
  assert.equal(tree.child('GET').child('/c').child(200), beyond);
});

test('recording allocates nothing', () => {
  const cells = registry();
  const duration = cells.histogram({ name: 'd', unit: 's', description: '', boundaries: [0.1, 1] }).bind({});
  const count = cells.counter({ name: 'c', unit: '', description: '' }).bind({});
  const record = (times: number) => {
    for (let i = 0; i < times; i++) {
      duration.record(i * 0.001);
      count.add(1);
    }
  };
  record(100_000); // compiled by now
  const before = process.memoryUsage().heapUsed;
  record(1_000_000);
  const grown = process.memoryUsage().heapUsed - before;
  // A single byte for each of the million records would already be beyond this.
  assert.ok(grown < 500_000, `the heap grew by ${grown} bytes in a million records`);
});
