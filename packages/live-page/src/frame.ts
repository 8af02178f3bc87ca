import type { FamilyName } from './families.ts';
import type { Exemplar } from './openmetrics.ts';
import { type Increase, NO_INCREASE, type Reading } from './reading.ts';

type Labels = ReadonlyMap<string, string>;

/** Operations of one kind: requests of a route, commands, messages. */
export interface Activity extends Increase {
  /** How many of them failed. */
  readonly errors: number;
}

/** What happened between two readings, and how things stood at the later one; little enough to keep many of them. */
export interface Frame {
  /** Milliseconds since the Unix epoch. */
  readonly time: number;
  readonly seconds: number;
  readonly isRestart: boolean;
  /** Whether it came so late that what lies between is not known. */
  readonly isAfterGap: boolean;
  readonly requests: Increase;
  readonly errors: number;
  readonly statuses: ReadonlyMap<string, number>;
  readonly activities: Lines;
  readonly hits: number;
  readonly misses: number;
  /** Seconds of processor time, and of garbage collection. */
  readonly cpu: number;
  readonly gc: number;
  readonly gauges: { readonly [gauge in Gauge]: number | undefined };
  readonly traces: readonly Trace[];
}

/** An observation that a trace is known of. */
export interface Trace extends Exemplar {
  readonly route: string;
}

const of = (labels: Labels, ...names: string[]) => names.flatMap((name) => labels.get(name) ?? []).join(' ');

const routeOf = (labels: Labels) => `${of(labels, 'http_request_method')} ${labels.get('http_route') ?? '(no route)'}`;

/** The tables of the page: their families and what makes a line. */
const ACTIVITIES = {
  routes: { family: 'http_server_request_duration', keyOf: routeOf },
  database: {
    family: 'db_client_operation_duration',
    keyOf: (labels: Labels) => of(labels, 'db_system_name', 'db_operation_name'),
  },
  outgoing: {
    family: 'http_client_request_duration',
    keyOf: (labels: Labels) =>
      `${of(labels, 'http_request_method')} ${[labels.get('server_address'), labels.get('server_port')].filter(Boolean).join(':')}`,
  },
  messaging: {
    family: 'messaging_client_operation_duration',
    keyOf: (labels: Labels) => of(labels, 'messaging_operation_name', 'messaging_destination_name'),
  },
  processing: {
    family: 'messaging_process_duration',
    keyOf: (labels: Labels) => of(labels, 'messaging_operation_name', 'messaging_destination_name'),
  },
  ages: {
    family: 'messaging_client_message_age',
    keyOf: (labels: Labels) => of(labels, 'messaging_destination_name'),
  },
} as const satisfies Record<string, { family: FamilyName; keyOf: (labels: Labels) => string }>;

export type ActivityKind = keyof typeof ACTIVITIES;

/** Of several processes on one page, their sum. */
const SUMS = {
  activeRequests: 'http_server_active_requests',
  memory: 'process_memory_usage',
  heapUsed: 'v8js_memory_heap_used',
  heapSize: 'v8js_memory_heap_space_size',
  sockets: 'websocket_server_active_connections',
  unsettled: 'messaging_client_unsettled_messages',
} as const satisfies Record<string, FamilyName>;

/** Of several processes, the one that is worst off. */
const HIGHEST = {
  utilization: 'nodejs_eventloop_utilization',
  delayP50: 'nodejs_eventloop_delay_p50',
  delayP99: 'nodejs_eventloop_delay_p99',
} as const satisfies Record<string, FamilyName>;

type Gauge = keyof typeof SUMS | keyof typeof HIGHEST;

/** Most lines of a table of which a frame is kept, the busiest ones. */
const MOST_LINES = 60;

const MOST_TRACES = 20;

/** All lines of the tables. */
export type Lines = { readonly [kind in ActivityKind]: ReadonlyMap<string, Activity> };

export function linesOf(reading: Reading): Lines {
  return mapValues(ACTIVITIES, (_, kind) => activitiesOf(reading, kind));
}

/**
 * @param lines those of the reading
 * @param longest seconds since the reading before, from which on what happened in between is not drawn
 */
export function frameOf(reading: Reading, lines: Lines, longest: number): Frame {
  const requests = reading.increase('http_server_request_duration');
  return {
    time: reading.time,
    seconds: reading.seconds,
    isRestart: reading.isRestart,
    isAfterGap: reading.seconds > longest,
    requests: { ...requests, exemplars: [] },
    errors: reading.increase('http_server_request_duration', isError).count,
    statuses: counts(reading.increases('http_server_request_duration', statusOf)),
    activities: mapValues(lines, busiest),
    hits: reading.increase('cache_hits').count,
    misses: reading.increase('cache_misses').count,
    cpu: reading.increase('process_cpu_time').count,
    gc: reading.increase('v8js_gc_duration').sum,
    gauges: {
      ...mapValues(SUMS, (name) => reading.value(name)),
      ...mapValues(HIGHEST, (name) => reading.highest(name)),
    },
    traces: tracesOf(reading),
  };
}

function activitiesOf(reading: Reading, kind: ActivityKind): Map<string, Activity> {
  const { family, keyOf: keyOfSeries } = ACTIVITIES[kind];
  // What is beyond the most series that a metric has.
  const keyOf = (labels: Labels) => (labels.has('otel_metric_overflow') ? '(others)' : keyOfSeries(labels));
  const errors = reading.increases(family, (labels) => (isError(labels) ? keyOf(labels) : undefined));
  const all = reading.increases(family, keyOf);
  return new Map(
    Array.from(all, ([key, increase]) => [key, { ...increase, exemplars: [], errors: errors.get(key)?.count ?? 0 }]),
  );
}

export const NO_ACTIVITY: Activity = { ...NO_INCREASE, errors: 0 };

function isError(labels: Labels): boolean {
  return labels.has('error_type');
}

/** Such as 2xx; those that the client gave up have no status. */
function statusOf(labels: Labels): string {
  const status = labels.get('http_response_status_code');
  return labels.get('error_type') === 'aborted' || status === undefined ? 'aborted' : `${status[0]}xx`;
}

function counts(increases: ReadonlyMap<string, Increase>): Map<string, number> {
  return new Map(Array.from(increases, ([key, { count }]) => [key, count]));
}

function busiest(activities: ReadonlyMap<string, Activity>): Map<string, Activity> {
  const active = [...activities].filter(([, { count }]) => count > 0);
  return new Map(active.sort(([, a], [, b]) => b.count - a.count).slice(0, MOST_LINES));
}

function tracesOf(reading: Reading): Trace[] {
  const byRoute = reading.increases('http_server_request_duration', routeOf);
  const traces = Array.from(byRoute, ([route, { exemplars }]) => exemplars.map((one) => ({ ...one, route })));
  return traces
    .flat()
    .sort((a, b) => b.value - a.value)
    .slice(0, MOST_TRACES);
}

function mapValues<K extends string, V, R>(record: Readonly<Record<K, V>>, map: (value: V, key: K) => R): Record<K, R> {
  const keys = Object.keys(record) as K[];
  return Object.fromEntries(keys.map((key) => [key, map(record[key], key)])) as Record<K, R>;
}
