/** The families that the page shows, without the unit, and the unit. */
const FAMILIES = {
  target: 'info',
  otel_sentry_trace_url_info: '',
  http_server_request_duration: 'seconds',
  http_server_active_requests: '',
  http_client_request_duration: 'seconds',
  db_client_operation_duration: 'seconds',
  db_client_connection_count: '',
  db_client_connection_max: '',
  db_client_connection_pending_requests: '',
  db_client_connection_timeouts: '',
  cache_hits: '',
  cache_misses: '',
  messaging_client_operation_duration: 'seconds',
  messaging_process_duration: 'seconds',
  messaging_client_message_age: 'seconds',
  messaging_client_unsettled_messages: '',
  websocket_server_active_connections: '',
  nodejs_eventloop_utilization: 'ratio',
  nodejs_eventloop_delay_p50: 'seconds',
  nodejs_eventloop_delay_p99: 'seconds',
  v8js_gc_duration: 'seconds',
  v8js_memory_heap_used: 'bytes',
  v8js_memory_heap_space_size: 'bytes',
  process_cpu_time: 'seconds',
  process_memory_usage: 'bytes',
  process_start_time: 'seconds',
  process_uptime: 'seconds',
} as const;

export type FamilyName = keyof typeof FAMILIES;

/** What a page of metrics is asked for, so that a service with many more pays only for these: with and without units, as settings have it. */
export function familiesAskedFor(): URLSearchParams {
  const names = Object.entries(FAMILIES).flatMap(([name, unit]) => (unit ? [name, `${name}_${unit}`] : [name]));
  return new URLSearchParams(names.map((name): [string, string] => ['name[]', name]));
}
