import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { formatOf, histogram, type MEDIA_TYPES, metric } from './support/pages.ts';
import { readProtobuf } from './support/protobuf-reader.ts';

const resourceMetrics = {
  resource: resourceFromAttributes({ 'service.name': 'shop' }),
  scopeMetrics: [
    {
      scope: { name: 'app' },
      metrics: [
        metric('jobs', '', 'counter', [[{}, 1]]),
        metric('depth', '', 'gauge', [[{}, 2]]),
        histogram('time', 's', {}, [1], [1, 1]),
      ],
    },
  ],
};

function namesOf(format: keyof typeof MEDIA_TYPES, ...only: string[]): string[] {
  const bytes = Buffer.concat([...formatOf(format).render(resourceMetrics, Buffer.allocUnsafe, new Set(only))]);
  if (format === 'protobuf') return readProtobuf(bytes).map(({ name }) => name);
  return Array.from(bytes.toString().matchAll(/^# TYPE (\S+)/gm), ([, name = '']) => name);
}

test('T14: a page has the families that are asked for by their names, or by those of their samples, and no others', () => {
  assert.deepEqual(namesOf('text', 'jobs_total', 'time_seconds', 'nothing'), ['jobs_total', 'time_seconds']);
  assert.deepEqual(namesOf('OpenMetrics', 'jobs', 'depth'), ['jobs', 'depth']);
  assert.deepEqual(namesOf('OpenMetrics', 'jobs_total'), ['jobs']);
  assert.deepEqual(namesOf('protobuf', 'depth', 'time_seconds'), ['depth', 'time_seconds']);
});

test('T14: the resource is a family like any other', () => {
  assert.deepEqual(namesOf('text', 'target_info'), ['target_info']);
  assert.deepEqual(namesOf('OpenMetrics', 'target_info'), ['target']);
  assert.deepEqual(namesOf('protobuf', 'target_info', 'depth'), ['target_info', 'depth']);
});
