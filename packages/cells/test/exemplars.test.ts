import assert from 'node:assert/strict';
import { test } from 'node:test';
import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { type CellPoint, CellRegistry, captureSpan, type ExemplarFilter, LeftOutSpan } from '../src/index.ts';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const span = (n: number, traceFlags: TraceFlags) =>
  trace.wrapSpanContext({ traceId: `${n}`.padStart(32, 'a'), spanId: `${n}`.padStart(16, 'b'), traceFlags });

/** The exemplars after each value was recorded within its span. */
async function exemplarsOf(filter: ExemplarFilter, values: [number, ReturnType<typeof span> | undefined][]) {
  const cells = new CellRegistry({ scope: 'test', cardinalityLimit: 10, captureSpan: captureSpan(filter) });
  const cell = cells.histogram({ name: 'd', unit: 's', description: '', boundaries: [1, 2] }).bind({});
  for (const [value, active] of values) {
    const within = active ? trace.setSpan(ROOT_CONTEXT, active) : ROOT_CONTEXT;
    context.with(within, () => cell.record(value, cells.captureSpan()));
  }
  const { resourceMetrics } = await cells.producer().collect();
  const point = resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0] as CellPoint<unknown>;
  return point.exemplars?.map(({ value, traceId }) => [value, traceId]);
}

const sampled = span(1, TraceFlags.SAMPLED);
const later = span(2, TraceFlags.SAMPLED);
const unsampled = span(3, TraceFlags.NONE);
const values: Parameters<typeof exemplarsOf>[1] = [
  [0.5, sampled],
  [0.7, later],
  [1.5, unsampled],
  [5, sampled],
  [6, undefined],
];
const traceOf = (of: typeof sampled) => of.spanContext().traceId;

test('trace_based keeps the latest sampled observation of each bucket', async () => {
  assert.deepEqual(await exemplarsOf('trace_based', values), [
    [0.7, traceOf(later)],
    [5, traceOf(sampled)],
  ]);
});

test('always_on keeps those of unsampled spans too', async () => {
  assert.deepEqual(await exemplarsOf('always_on', values), [
    [0.7, traceOf(later)],
    [1.5, traceOf(unsampled)],
    [5, traceOf(sampled)],
  ]);
});

test('always_off keeps none', async () => {
  assert.equal(await exemplarsOf('always_off', values), undefined);
});

test('a span that was left out before it was made is unsampled, and has its ids when they are asked for', async () => {
  let made = 0;
  const leftOut = new LeftOutSpan(undefined, 0, () => {
    made++;
    return unsampled.spanContext();
  });
  assert.equal(await exemplarsOf('trace_based', [[1.5, leftOut]]), undefined);
  assert.equal(made, 0);
  assert.deepEqual(await exemplarsOf('always_on', [[1.5, leftOut]]), [[1.5, traceOf(unsampled)]]);
  assert.equal(leftOut.spanContext(), leftOut.spanContext());
  assert.equal(made, 1);
});
