import { dashboard } from './dashboard.ts';
import { heatmap, stat, timeSeries } from './panels.ts';
import { mean, of, quantile, rate, sum, top } from './queries.ts';

const POSTGRESQL = 'db_system_name="postgresql"';
const OPERATIONS = 'db_client_operation_duration_seconds';
const POOL = 'job, instance, db_client_connection_pool_name';
const BY_POOL = '{{job}} {{instance}} {{db_client_connection_pool_name}}';

const failed = sum('job, db_namespace', rate(`${OPERATIONS}_count`, POSTGRESQL, 'error_type!=""'));

export const postgresql = dashboard({
  uid: 'otel-postgresql',
  title: 'PostgreSQL and pools',
  description: 'Queries, transactions and connection pools, as the services see them.',
  rows: [
    {
      title: 'Now',
      columns: 4,
      panels: [
        stat('Queries', 'ops', `sum(${rate(`${OPERATIONS}_count`, POSTGRESQL)})`),
        stat(
          '95th percentile',
          's',
          `histogram_quantile(0.95, sum by (le) (${rate(`${OPERATIONS}_bucket`, POSTGRESQL)}))`,
        ),
        stat('Requests that wait for a connection', 'short', `sum(${of('db_client_connection_pending_requests')})`),
        stat(
          'Connections in use',
          'percentunit',
          `sum(${of('db_client_connection_count', 'db_client_connection_state="used"')}) / sum(${of('db_client_connection_max')})`,
          { max: 1 },
        ),
      ],
    },
    {
      title: 'Queries',
      panels: [
        timeSeries('Queries by operation', 'ops', {
          '{{job}} {{db_operation_name}}': sum('job, db_operation_name', rate(`${OPERATIONS}_count`, POSTGRESQL)),
        }),
        timeSeries(
          'Errors by type',
          'ops',
          {
            '{{job}} {{db_operation_name}}: {{error_type}}': sum(
              'job, db_operation_name, error_type',
              rate(`${OPERATIONS}_count`, POSTGRESQL, 'error_type!=""'),
            ),
          },
          { description: 'The SQLSTATE, or why there was no answer.' },
        ),
        timeSeries(
          'Latency',
          's',
          {
            '{{job}} 50 %': quantile(0.5, OPERATIONS, 'job', POSTGRESQL),
            '{{job}} 95 %': quantile(0.95, OPERATIONS, 'job', POSTGRESQL),
            '{{job}} 99 %': quantile(0.99, OPERATIONS, 'job', POSTGRESQL),
          },
          { exemplars: true, description: 'A dot is a query of a request with a trace: click it.' },
        ),
        heatmap(
          'Queries by latency',
          sum('le', `increase(${of(`${OPERATIONS}_bucket`, POSTGRESQL)}[$__rate_interval])`),
        ),
        timeSeries(
          'Slowest operations',
          's',
          {
            '{{job}} {{db_operation_name}}': top(
              `${quantile(0.95, OPERATIONS, 'job, db_operation_name', POSTGRESQL)} > 0`,
            ),
          },
          { description: 'The 95th percentile of the ten slowest.' },
        ),
        timeSeries(
          'Share of failed queries',
          'percentunit',
          {
            '{{job}} {{db_namespace}}': `${failed} / ${sum('job, db_namespace', rate(`${OPERATIONS}_count`, POSTGRESQL))}`,
          },
          { max: 1 },
        ),
      ],
    },
    {
      title: 'Transactions',
      panels: [
        timeSeries('Transactions by outcome', 'ops', {
          '{{job}} {{db_transaction_outcome}}': sum(
            'job, db_transaction_outcome',
            rate('db_client_transaction_duration_seconds_count'),
          ),
        }),
        timeSeries(
          'Duration of transactions',
          's',
          {
            '{{job}} {{db_transaction_outcome}}': quantile(
              0.95,
              'db_client_transaction_duration_seconds',
              'job, db_transaction_outcome',
            ),
          },
          { description: 'The 95th percentile, from BEGIN to the end.' },
        ),
      ],
    },
    {
      title: 'Pools',
      columns: 3,
      panels: [
        timeSeries('Connections of the pool', 'short', {
          [`${BY_POOL} {{db_client_connection_state}}`]: sum(
            `${POOL}, db_client_connection_state`,
            of('db_client_connection_count'),
          ),
          [`${BY_POOL} at most`]: sum(POOL, of('db_client_connection_max')),
        }),
        timeSeries('Requests that wait', 'short', {
          [BY_POOL]: sum(POOL, of('db_client_connection_pending_requests')),
        }),
        timeSeries('Waits that timed out', 'ops', {
          [BY_POOL]: sum(POOL, rate('db_client_connection_timeouts_total')),
        }),
        timeSeries('Waiting for a connection', 's', {
          '{{job}} 50 %': quantile(0.5, 'db_client_connection_wait_time_seconds', 'job'),
          '{{job}} 99 %': quantile(0.99, 'db_client_connection_wait_time_seconds', 'job'),
        }),
        timeSeries('How long a connection is used', 's', {
          '{{job}} mean': mean('db_client_connection_use_time_seconds', 'job'),
          '{{job}} 99 %': quantile(0.99, 'db_client_connection_use_time_seconds', 'job'),
        }),
        timeSeries('New connections', 'ops', {
          '{{job}}': sum('job', rate('db_client_connection_create_time_seconds_count')),
        }),
      ],
    },
  ],
});
