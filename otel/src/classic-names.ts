import type { Derivation } from './derived-metrics.ts';

/** The labels that dashboards made for prom-client and express-prom-bundle group by. */
const HTTP = { method: 'http.request.method', path: 'http.route', status: 'http.response.status_code' };
const OPERATION = { operation: 'db.operation.name' };
const postgresql = (attributes: Record<string, unknown>) => attributes['db.system.name'] === 'postgresql';
const redis = (attributes: Record<string, unknown>) => attributes['db.system.name'] === 'redis';
const failed = (attributes: Record<string, unknown>) => attributes['error.type'] !== undefined;
const userMode = (attributes: Record<string, unknown>) => attributes['cpu.mode'] === 'user';
const systemMode = (attributes: Record<string, unknown>) => attributes['cpu.mode'] === 'system';

/**
 * The names that services had before OpenTelemetry, by what they are made from: no second measurement is taken. Most are
 * prom-client's default metrics; its names are the whole Prometheus names here, less unit and `_total`.
 */
export const CLASSIC_NAMES: readonly Derivation[] = [
  { name: 'http_requests', from: 'http.server.requests', labels: HTTP },
  { name: 'http_request_duration', unit: 's', from: 'http.server.request.duration', labels: HTTP },
  { name: 'http_active_connections', from: 'http.server.active_connections' },
  {
    name: 'http_errors',
    from: 'http.server.errors',
    labels: { method: 'http.request.method', path: 'http.route', status: 'error.type' },
  },
  {
    name: 'db_query_duration',
    unit: 's',
    from: 'db.client.operation.duration',
    where: postgresql,
    labels: OPERATION,
  },
  {
    name: 'db_query_errors',
    from: 'db.client.operation.duration',
    take: 'count',
    where: (attributes) => postgresql(attributes) && failed(attributes),
    labels: { ...OPERATION, error: 'error.type' },
  },
  {
    name: 'cache_operations_duration',
    unit: 's',
    from: 'db.client.operation.duration',
    where: redis,
    labels: OPERATION,
  },
  { name: 'process_cpu_user', unit: 's', from: 'process.cpu.time', where: userMode },
  { name: 'process_cpu_system', unit: 's', from: 'process.cpu.time', where: systemMode },
  { name: 'process_cpu', unit: 's', from: 'process.cpu.time' },
  { name: 'process_resident_memory', unit: 'By', from: 'process.memory.usage' },
  { name: 'process_virtual_memory', unit: 'By', from: 'process.memory.virtual' },
  { name: 'process_open_fds', from: 'process.unix.file_descriptor.count' },
  { name: 'nodejs_active_resources', from: 'v8js.resource.active', labels: { type: 'v8js.resource.type' } },
  ...['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99'].map((statistic) => ({
    name: `nodejs_eventloop_lag_${statistic}`,
    unit: 's',
    from: `nodejs.eventloop.delay.${statistic}`,
  })),
  { name: 'nodejs_heap_size_used', unit: 'By', from: 'v8js.memory.heap.used' },
  { name: 'nodejs_heap_size_total', unit: 'By', from: 'v8js.memory.heap.space.size' },
  { name: 'nodejs_gc_duration', unit: 's', from: 'v8js.gc.duration', labels: { kind: 'v8js.gc.type' } },
  ...[
    ['used', 'v8js.memory.heap.used'],
    ['total', 'v8js.memory.heap.space.size'],
    ['available', 'v8js.memory.heap.space.available_size'],
  ].map(([what, from = '']) => ({
    name: `nodejs_heap_space_size_${what}`,
    unit: 'By',
    from,
    labels: { space: 'v8js.heap.space.name' },
  })),
];
