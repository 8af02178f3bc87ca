import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History, requestsOf } from '../src/history.ts';
import { parseOpenMetrics } from '../src/openmetrics.ts';
import { Reading } from '../src/reading.ts';

/** A page with requests, by their labels. */
function page(requests: Record<string, number>, uptime: number, name = 'http_server_request_duration_seconds') {
  const lines = Object.entries(requests).flatMap(([labels, count]) => [
    `${name}_bucket{${labels},le="0.1"} ${count}`,
    `${name}_bucket{${labels},le="+Inf"} ${count}`,
    `${name}_sum{${labels}} 1`,
    `${name}_count{${labels}} ${count}`,
  ]);
  const process = [
    '# TYPE process_start_time_seconds gauge',
    'process_start_time_seconds 1000',
    '# TYPE process_uptime_seconds gauge',
    `process_uptime_seconds ${uptime}`,
  ];
  return parseOpenMetrics([`# TYPE ${name} histogram`, ...lines, ...process, '# EOF\n'].join('\n'));
}

/** What there is after pages that were made so many seconds after the start. */
function historyOf(...pages: ReturnType<typeof page>[]): History {
  const history = new History();
  for (const one of pages) history.add(new Reading(one, 0, history.latest), 10);
  return history;
}

const GOOD = 'http_request_method="GET",http_route="/a",http_response_status_code="200"';
const BAD = 'error_type="500",http_request_method="GET",http_route="/a",http_response_status_code="500"';
const ABORTED = 'error_type="aborted",http_request_method="GET",http_route="/a"';

test('rates are by the clock of the process, however late its answer came', () => {
  const history = historyOf(page({ [GOOD]: 10 }, 5), page({ [GOOD]: 30, [BAD]: 5 }, 10));
  const { rate, errorShare } = requestsOf(history.recent);
  assert.deepEqual([rate, errorShare], [5, 0.2]);
  assert.equal(history.end, 1_010_000);
});

test('a line of a table is all series of a route, with its errors', () => {
  const history = historyOf(page({ [GOOD]: 10 }, 5), page({ [GOOD]: 12, [BAD]: 5, [ABORTED]: 1 }, 6));
  const { count, errors } = history.recentActivities('routes').get('GET /a') ?? {};
  assert.deepEqual([count, errors], [8, 6]);
  assert.deepEqual(
    [...(history.frames[0]?.statuses ?? [])],
    [
      ['2xx', 2],
      ['5xx', 5],
      ['aborted', 1],
    ],
  );
});

test('what has no series of its own any more is one line', () => {
  for (const [name, kind] of [
    ['http_server_request_duration_seconds', 'routes'],
    ['db_client_operation_duration_seconds', 'database'],
  ] as const) {
    const history = historyOf(page({ 'otel_metric_overflow="true"': 3 }, 5, name));
    assert.deepEqual([...(history.lines?.[kind].keys() ?? [])], ['(others)']);
  }
});

test('messages that are published and processed have their lines', () => {
  const labels = 'messaging_operation_name="publish",messaging_destination_name="payments"';
  const history = historyOf(page({ [labels]: 3 }, 5, 'messaging_client_operation_duration_seconds'));
  assert.deepEqual([...(history.lines?.messaging.keys() ?? [])], ['publish payments']);
});

test('what is older than five minutes is forgotten, and what came after a pause is marked', () => {
  const history = new History();
  for (let uptime = 0; uptime <= 400; uptime++)
    history.add(new Reading(page({ [GOOD]: uptime }, uptime), 0, history.latest), 10);
  assert.equal(history.frames.length, 301);
  history.add(new Reading(page({ [GOOD]: 500 }, 460), 0, history.latest), 10);
  assert.deepEqual([history.frames.at(-1)?.isAfterGap, history.frames.at(-2)?.isAfterGap], [true, false]);
});
