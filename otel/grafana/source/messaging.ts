import { dashboard } from './dashboard.ts';
import { stat, timeSeries } from './panels.ts';
import { of, quantile, rate, sum } from './queries.ts';

const PROCESSING = 'messaging_process_duration_seconds';
const OPERATIONS = 'messaging_client_operation_duration_seconds';
const DESTINATION = 'job, messaging_destination_name';
const BY_DESTINATION = '{{job}} {{messaging_destination_name}}';

/** What the server and the client of a kind of sockets count alike. */
const socketPanels = (name: string, prefix: string) => [
  timeSeries(`${name} connections`, 'short', {
    '{{job}} server': sum('job', of(`${prefix}_server_active_connections`)),
    '{{job}} client': sum('job', of(`${prefix}_client_active_connections`)),
  }),
  timeSeries(`${name} messages`, 'mps', {
    '{{job}} server {{network_io_direction}}': sum(
      'job, network_io_direction',
      rate(`${prefix}_server_messages_total`),
    ),
    '{{job}} client {{network_io_direction}}': sum(
      'job, network_io_direction',
      rate(`${prefix}_client_messages_total`),
    ),
  }),
  timeSeries(`${name} bytes`, 'binBps', {
    '{{job}} server {{network_io_direction}}': sum(
      'job, network_io_direction',
      rate(`${prefix}_server_io_bytes_total`),
    ),
    '{{job}} client {{network_io_direction}}': sum(
      'job, network_io_direction',
      rate(`${prefix}_client_io_bytes_total`),
    ),
  }),
];

export const messaging = dashboard({
  uid: 'otel-messaging',
  title: 'Messages and sockets',
  description: 'RabbitMQ, WebSockets and Socket.IO, as the services see them.',
  rows: [
    {
      title: 'Now',
      columns: 4,
      panels: [
        stat('Sent', 'mps', `sum(${rate('messaging_client_sent_messages_total')})`),
        stat('Received', 'mps', `sum(${rate('messaging_client_consumed_messages_total')})`),
        stat('In the hands of consumers', 'short', `sum(${of('messaging_client_unsettled_messages')})`),
        stat('Open sockets', 'short', `sum(${of('websocket_server_active_connections')})`),
      ],
    },
    {
      title: 'RabbitMQ',
      columns: 3,
      panels: [
        timeSeries('Sent messages', 'mps', {
          [BY_DESTINATION]: sum(DESTINATION, rate('messaging_client_sent_messages_total')),
        }),
        timeSeries('Received messages', 'mps', {
          [BY_DESTINATION]: sum(DESTINATION, rate('messaging_client_consumed_messages_total')),
        }),
        timeSeries(
          'Unsettled messages',
          'short',
          {
            [BY_DESTINATION]: sum(DESTINATION, of('messaging_client_unsettled_messages')),
          },
          { description: 'Received, and neither acknowledged nor rejected yet.' },
        ),
        timeSeries(
          'Processing',
          's',
          {
            [`${BY_DESTINATION} 50 %`]: quantile(0.5, PROCESSING, DESTINATION),
            [`${BY_DESTINATION} 95 %`]: quantile(0.95, PROCESSING, DESTINATION),
          },
          {
            exemplars: true,
            description: 'From receiving to acknowledging. A dot is a message with a trace: click it.',
          },
        ),
        timeSeries('Processing errors', 'mps', {
          [`${BY_DESTINATION}: {{error_type}}`]: sum(
            `${DESTINATION}, error_type`,
            rate(`${PROCESSING}_count`, 'error_type!=""'),
          ),
        }),
        timeSeries('Errors by type', 'ops', {
          '{{job}} {{messaging_operation_name}} {{messaging_destination_name}}: {{error_type}}': sum(
            `job, messaging_operation_name, messaging_destination_name, error_type`,
            rate('messaging_client_errors_total'),
          ),
        }),
        timeSeries('Operations', 'ops', {
          '{{job}} {{messaging_operation_name}}': sum('job, messaging_operation_name', rate(`${OPERATIONS}_count`)),
        }),
        timeSeries(
          'Latency of operations',
          's',
          {
            '{{job}} {{messaging_operation_name}}': quantile(0.95, OPERATIONS, 'job, messaging_operation_name'),
          },
          { description: 'The 95th percentile. With confirmations, publishing takes until the broker has confirmed.' },
        ),
        timeSeries(
          'Rejected',
          'percentunit',
          {
            [BY_DESTINATION]: `${sum(DESTINATION, rate(`${PROCESSING}_count`, 'error_type!=""'))} / ${sum(DESTINATION, rate(`${PROCESSING}_count`))}`,
          },
          { max: 1, description: 'The share of messages that were not acknowledged.' },
        ),
      ],
    },
    { title: 'WebSockets', columns: 3, panels: socketPanels('WebSocket', 'websocket') },
    { title: 'Socket.IO', columns: 3, panels: socketPanels('Socket.IO', 'socketio') },
  ],
});
