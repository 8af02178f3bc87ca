import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Histogram, MetricProducer } from '@opentelemetry/sdk-metrics';
import { CellRegistry } from '../src/index.ts';

const described = { name: 'd', unit: 's', description: '' };

async function onlyPoint(producer: MetricProducer) {
  const { resourceMetrics } = await producer.collect();
  const point = resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0];
  assert.ok(point);
  return point;
}

test('a live point says what is counted when it is read, and its buckets, sum and count belong together', async () => {
  const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 10 });
  const cell = cells.histogram({ ...described, boundaries: [1] }).bind({ k: 'v' });
  cell.record(0.5);
  const point = await onlyPoint(cells.liveProducer());
  cell.record(2);
  const value = point.value as Histogram;
  cell.record(3);
  assert.deepEqual(value, { buckets: { boundaries: [1], counts: [1, 1] }, sum: 2.5, count: 2 });
  assert.deepEqual(point.attributes, { k: 'v' });
});

test('a reader that keeps points has them as they were when it collected', async () => {
  const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 10 });
  const cell = cells.counter(described).bind({});
  cell.add(1);
  const point = await onlyPoint(cells.producer());
  cell.add(1);
  assert.equal(point.value, 1);
});

test('a series that is retired between collecting and reading is still shown once', async () => {
  const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 10 });
  const metric = cells.counter(described);
  const cell = metric.bind({});
  cell.add(3);
  const live = cells.liveProducer();
  const point = await onlyPoint(live);
  metric.retire(cell);
  assert.equal(point.value, 3);
  assert.deepEqual((await live.collect()).resourceMetrics.scopeMetrics[0]?.metrics, []);
});
