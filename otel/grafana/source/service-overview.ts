import { dashboard } from './dashboard.ts';
import { heatmap, stat, timeSeries } from './panels.ts';
import { of, quantile, rate, sum, top } from './queries.ts';

const REQUESTS = 'http_server_requests_total';
const DURATION = 'http_server_request_duration_seconds';
const CALLS = 'http_client_request_duration_seconds';
const FAILED = 'http_response_status_code=~"5.."';

export const serviceOverview = dashboard({
  uid: 'otel-service-overview',
  title: 'Service overview',
  description: 'Requests, errors and latency of services, how near they are to their limits, and what they call.',
  rows: [
    {
      title: 'Now',
      columns: 6,
      panels: [
        stat('Instances up', 'short', `sum(${of('up')})`),
        stat('Instances down', 'short', `count(${of('up')} == 0) or vector(0)`),
        stat('Alerts', 'short', 'count(ALERTS{alertstate="firing", job=~"$service"}) or vector(0)', {
          description: 'Those that fire. docs/alerts.md says what each means and what to do.',
        }),
        stat('Requests', 'reqps', `sum(${rate(REQUESTS)})`),
        stat('Failed', 'percentunit', `(sum(${rate(REQUESTS, FAILED)}) or vector(0)) / sum(${rate(REQUESTS)})`, {
          description: 'The share of requests that were answered with 500 or more.',
          max: 1,
        }),
        stat('95th percentile', 's', `histogram_quantile(0.95, sum by (le) (${rate(`${DURATION}_bucket`)}))`),
      ],
    },
    {
      title: 'Requests, errors, latency',
      panels: [
        timeSeries('Requests', 'reqps', { '{{job}}': sum('job', rate(REQUESTS)) }),
        timeSeries('Errors by route and type', 'reqps', {
          '{{job}} {{http_request_method}} {{http_route}}: {{error_type}}': sum(
            'job, http_request_method, http_route, error_type',
            rate('http_server_errors_total'),
          ),
        }),
        timeSeries(
          'Latency',
          's',
          {
            '{{job}} 50 %': quantile(0.5, DURATION, 'job'),
            '{{job}} 95 %': quantile(0.95, DURATION, 'job'),
            '{{job}} 99 %': quantile(0.99, DURATION, 'job'),
          },
          { exemplars: true, description: 'A dot is a request with a trace: click it.' },
        ),
        heatmap('Requests by latency', sum('le', `increase(${of(`${DURATION}_bucket`)}[$__rate_interval])`)),
        timeSeries('Busiest routes', 'reqps', {
          '{{job}} {{http_request_method}} {{http_route}}': top(
            sum('job, http_request_method, http_route', rate(REQUESTS)),
          ),
        }),
        timeSeries(
          'Slowest routes',
          's',
          {
            '{{job}} {{http_request_method}} {{http_route}}': top(
              `${quantile(0.95, DURATION, 'job, http_request_method, http_route')} > 0`,
            ),
          },
          { description: 'The 95th percentile of the ten slowest.' },
        ),
        timeSeries('Answers by status', 'reqps', {
          '{{job}} {{http_response_status_code}}': sum('job, http_response_status_code', rate(REQUESTS)),
        }),
        timeSeries(
          'Error budget',
          'short',
          {
            '{{job}} 1 h': 'job:http_server_error_budget:burnrate1h{job=~"$service"}',
            '{{job}} 6 h': 'job:http_server_error_budget:burnrate6h{job=~"$service"}',
            '{{job}} 3 days': 'job:http_server_error_budget:burnrate3d{job=~"$service"}',
          },
          { description: 'How many times faster than allowed it is used up. At 14.4 in an hour somebody is called.' },
        ),
      ],
    },
    {
      title: 'Saturation',
      columns: 3,
      panels: [
        timeSeries(
          'Event loop',
          'percentunit',
          {
            '{{job}} {{instance}}': of('nodejs_eventloop_utilization_ratio'),
          },
          { max: 1, description: 'The share of time that it is busy.' },
        ),
        timeSeries(
          'CPU',
          'percentunit',
          {
            '{{job}} {{instance}}': sum('job, instance', rate('process_cpu_time_seconds_total')),
          },
          { description: '100 % is one core.' },
        ),
        timeSeries('Memory', 'bytes', { '{{job}} {{instance}}': of('process_memory_usage_bytes') }),
        timeSeries('Requests under way', 'short', {
          '{{job}} {{instance}}': sum('job, instance', of('http_server_active_requests')),
        }),
        timeSeries('Open connections', 'short', { '{{job}} {{instance}}': of('http_server_active_connections') }),
        timeSeries(
          'Use of connection pools',
          'percentunit',
          {
            '{{job}} {{instance}} {{db_client_connection_pool_name}}':
              `${sum('job, instance, db_client_connection_pool_name', of('db_client_connection_count', 'db_client_connection_state="used"'))}` +
              ` / ${sum('job, instance, db_client_connection_pool_name', of('db_client_connection_max'))}`,
          },
          { max: 1 },
        ),
        timeSeries('Received in bodies', 'binBps', {
          '{{job}}': sum('job', rate('http_server_request_body_size_bytes_sum')),
        }),
        timeSeries('Sent in bodies', 'binBps', {
          '{{job}}': sum('job', rate('http_server_response_body_size_bytes_sum')),
        }),
        timeSeries('Connections to what it calls', 'short', {
          '{{job}} {{server_address}}:{{server_port}} {{http_connection_state}}': sum(
            'job, server_address, server_port, http_connection_state',
            of('http_client_open_connections'),
          ),
        }),
      ],
    },
    {
      title: 'What it calls over HTTP',
      columns: 3,
      panels: [
        timeSeries('Calls', 'reqps', {
          '{{job}} → {{server_address}}:{{server_port}}': sum(
            'job, server_address, server_port',
            rate(`${CALLS}_count`),
          ),
        }),
        timeSeries(
          'Errors of what it calls',
          'reqps',
          {
            '{{job}} → {{server_address}}:{{server_port}}: {{error_type}}': sum(
              'job, server_address, server_port, error_type',
              rate('http_client_errors_total'),
            ),
          },
          { description: 'Answers of 400 or more, and requests without an answer.' },
        ),
        timeSeries(
          'Latency of what it calls',
          's',
          {
            '{{job}} → {{server_address}}:{{server_port}}': quantile(0.95, CALLS, 'job, server_address, server_port'),
          },
          { exemplars: true, description: 'The 95th percentile.' },
        ),
      ],
    },
  ],
});
