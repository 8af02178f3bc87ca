import { dashboard } from './dashboard.ts';
import { stat, timeSeries } from './panels.ts';
import { of, quantile, rate, sum } from './queries.ts';

const INSTANCE = '{{job}} {{instance}}';

export const runtime = dashboard({
  uid: 'otel-runtime',
  title: 'Node.js runtime',
  description: 'Event loop, garbage collection, memory and what the process has of the system.',
  rows: [
    {
      title: 'Now',
      columns: 4,
      panels: [
        stat('Busiest event loop', 'percentunit', `max(${of('nodejs_eventloop_utilization_ratio')})`, { max: 1 }),
        stat('Longest delay', 's', `max(${of('nodejs_eventloop_delay_max_seconds')})`),
        stat('Memory', 'bytes', `sum(${of('process_memory_usage_bytes')})`),
        stat('Shortest uptime', 'dtdurations', `min(${of('process_uptime_seconds')})`),
      ],
    },
    {
      title: 'Event loop',
      columns: 3,
      panels: [
        timeSeries('Utilization', 'percentunit', { [INSTANCE]: of('nodejs_eventloop_utilization_ratio') }, { max: 1 }),
        timeSeries(
          'Event loop delay',
          's',
          {
            [`${INSTANCE} 50 %`]: of('nodejs_eventloop_delay_p50_seconds'),
            [`${INSTANCE} 99 %`]: of('nodejs_eventloop_delay_p99_seconds'),
            [`${INSTANCE} longest`]: of('nodejs_eventloop_delay_max_seconds'),
          },
          { description: 'Since the scrape before. About 10 ms is as good as it is measured.' },
        ),
        timeSeries(
          'Busy time',
          'percentunit',
          {
            [INSTANCE]: sum(
              'job, instance',
              rate('nodejs_eventloop_time_seconds_total', 'nodejs_eventloop_state="active"'),
            ),
          },
          { max: 1, description: 'Of all the time, also between scrapes.' },
        ),
      ],
    },
    {
      title: 'Memory and garbage collection',
      columns: 3,
      panels: [
        timeSeries(
          'Memory',
          'bytes',
          { [INSTANCE]: of('process_memory_usage_bytes') },
          { description: 'The resident set.' },
        ),
        timeSeries('Heap in use', 'bytes', {
          [`${INSTANCE} used`]: sum('job, instance', of('v8js_memory_heap_used_bytes')),
          [`${INSTANCE} of`]: sum('job, instance', of('v8js_memory_heap_space_size_bytes')),
        }),
        timeSeries(
          'Heap by space',
          'bytes',
          {
            '{{job}} {{v8js_heap_space_name}}': sum('job, v8js_heap_space_name', of('v8js_memory_heap_used_bytes')),
          },
          { stacked: true },
        ),
        timeSeries(
          'Garbage collection',
          'percentunit',
          {
            [`${INSTANCE} {{v8js_gc_type}}`]: sum('job, instance, v8js_gc_type', rate('v8js_gc_duration_seconds_sum')),
          },
          { description: 'The share of time that it takes.' },
        ),
        timeSeries(
          'Pauses',
          's',
          {
            '{{job}} {{v8js_gc_type}}': quantile(0.99, 'v8js_gc_duration_seconds', 'job, v8js_gc_type'),
          },
          { description: 'The 99th percentile.' },
        ),
        timeSeries('Collections', 'ops', {
          '{{job}} {{v8js_gc_type}}': sum('job, v8js_gc_type', rate('v8js_gc_duration_seconds_count')),
        }),
      ],
    },
    {
      title: 'Process',
      columns: 3,
      panels: [
        timeSeries(
          'CPU',
          'percentunit',
          {
            [`${INSTANCE} {{cpu_mode}}`]: sum('job, instance, cpu_mode', rate('process_cpu_time_seconds_total')),
          },
          { stacked: true, description: '100 % is one core.' },
        ),
        timeSeries('File descriptors', 'short', { [INSTANCE]: of('process_unix_file_descriptor_count') }),
        timeSeries('Threads', 'short', { [INSTANCE]: of('process_thread_count') }),
        timeSeries('What keeps the process alive', 'short', {
          '{{job}} {{v8js_resource_type}}': sum('job, v8js_resource_type', of('v8js_resource_active')),
        }),
        timeSeries('Context switches', 'cps', {
          '{{job}} {{process_context_switch_type}}': sum(
            'job, process_context_switch_type',
            rate('process_context_switches_total'),
          ),
        }),
        timeSeries('Page faults', 'cps', {
          '{{job}} {{system_paging_fault_type}}': sum(
            'job, system_paging_fault_type',
            rate('process_paging_faults_total'),
          ),
        }),
        timeSeries('Uptime', 'dtdurations', { [INSTANCE]: of('process_uptime_seconds') }),
        timeSeries('Address space', 'bytes', { [INSTANCE]: of('process_memory_virtual_bytes') }),
      ],
    },
    {
      title: 'Clusters',
      panels: [
        timeSeries(
          'Processes',
          'short',
          {
            [`${INSTANCE} {{otel_cluster_process_state}}`]: of('otel_cluster_processes'),
          },
          {
            description:
              'Of a cluster, or of a service that starts others. Late is one that did not answer within a second.',
          },
        ),
        timeSeries('Late answers', 'ops', { [INSTANCE]: rate('otel_cluster_late_answers_total') }),
      ],
    },
  ],
});
