import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { CellRegistry, type CellRegistryOptions, KeyTree, OVERFLOW } from '../src/index.ts';

// What is not compiled yet allocates: on a busy machine the compiler's own threads would have it ready too late.
setFlagsFromString('--no-concurrent-recompilation');

function registry(options: Partial<CellRegistryOptions> = {}) {
  return new CellRegistry({ scope: 'test', cardinalityLimit: 2000, ...options });
}

async function collected(from: CellRegistry) {
  const { resourceMetrics, errors } = await from.producer().collect();
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

test('a metric beyond its limit counts everything else in one overflow series, and says how much that is', async () => {
  const cells = registry({ cardinalityLimit: 2 });
  const counter = cells.counter({ name: 'jobs', unit: '', description: '' });
  for (let id = 0; id < 1000; id++) counter.bind({ id }).add(1);
  counter.bind({ id: 0 }).add(1);
  const { metrics } = await collected(cells);
  const points = metrics.map(({ dataPoints }) => dataPoints.map(({ attributes, value }) => [attributes, value]));
  assert.deepEqual(points, [
    [[{ 'otel.metric.name': 'jobs' }, 998]],
    [
      [{ id: 0 }, 2],
      [{ id: 1 }, 1],
      [OVERFLOW, 998],
    ],
  ]);
});

test('a million label sets grow memory no further than the limit does', () => {
  const counter = registry({ cardinalityLimit: 100 }).counter({ name: 'jobs', unit: '', description: '' });
  const tree = KeyTree.bounded<{ add(amount: number): void }>(100);
  for (let id = 0; id < 1_000_000; id++) {
    const node = tree.child(`/route/${id}`);
    node.value ??= counter.bind(node.isOverflow ? OVERFLOW : { route: `/route/${id}` });
    node.value.add(1);
  }
  assert.equal([...counter.series].length, 101);
  assert.equal(counter.overflow?.cell.value, 1_000_000 - 100);
});

test('a retired series is no longer handed over, and makes room for another', async () => {
  const cells = registry({ cardinalityLimit: 1 });
  const counter = cells.counter({ name: 'jobs', unit: '', description: '' });
  const gone = counter.bind({ pool: 'a' });
  gone.add(1);
  counter.retire(gone);
  counter.bind({ pool: 'b' }).add(2);
  const { metrics } = await collected(cells);
  assert.deepEqual(
    metrics[0]?.dataPoints.map(({ attributes, value }) => [attributes, value]),
    [[{ pool: 'b' }, 2]],
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

for (const exponentialHistograms of [false, true]) {
  test(`recording allocates nothing (${exponentialHistograms ? 'exponential' : 'explicit'} buckets)`, () => {
    const cells = registry({ exponentialHistograms });
    const boundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];
    const duration = cells.histogram({ name: 'd', unit: 's', description: '', boundaries }).bind({});
    const count = cells.counter({ name: 'c', unit: '', description: '' }).bind({});
    const record = (times: number) => {
      for (let i = 0; i < times; i++) {
        duration.record((i % 1000) * 0.0137);
        count.add(1);
      }
    };
    record(200_000); // compiled by now
    const before = process.memoryUsage().heapUsed;
    record(1_000_000);
    const grown = process.memoryUsage().heapUsed - before;
    // A single byte for each of the million records would already be beyond this.
    assert.ok(grown < 500_000, `the heap grew by ${grown} bytes in a million records`);
  });
}
