import { dashboard } from './dashboard.ts';
import { heatmap, stat, timeSeries } from './panels.ts';
import { of, quantile, rate, sum, top } from './queries.ts';

const REDIS = 'db_system_name="redis"';
const OPERATIONS = 'db_client_operation_duration_seconds';
const hits = (by: string) => sum(by, rate('cache_hits_total'));
const misses = (by: string) => sum(by, rate('cache_misses_total'));

export const redis = dashboard({
  uid: 'otel-redis',
  title: 'Redis and caches',
  description: 'Commands of Redis, and what was found in the caches, as the services see them.',
  rows: [
    {
      title: 'Now',
      columns: 4,
      panels: [
        stat('Commands', 'ops', `sum(${rate(`${OPERATIONS}_count`, REDIS)})`),
        stat('95th percentile', 's', `histogram_quantile(0.95, sum by (le) (${rate(`${OPERATIONS}_bucket`, REDIS)}))`),
        stat(
          'Hit ratio',
          'percentunit',
          `sum(${rate('cache_hits_total')}) / (sum(${rate('cache_hits_total')}) + sum(${rate('cache_misses_total')}))`,
          { max: 1 },
        ),
        stat('Connections', 'short', `sum(${of('redis_client_connections')})`),
      ],
    },
    {
      title: 'Caches',
      columns: 3,
      panels: [
        timeSeries(
          'Hit ratio',
          'percentunit',
          {
            '{{job}} {{cache_name}}': `${hits('job, cache_name')} / (${hits('job, cache_name')} + ${misses('job, cache_name')})`,
          },
          { max: 1, description: 'Nothing where nothing was looked for.' },
        ),
        timeSeries('Hits', 'ops', { '{{job}} {{cache_name}}': hits('job, cache_name') }),
        timeSeries(
          'Misses',
          'ops',
          { '{{job}} {{cache_name}}': misses('job, cache_name') },
          {
            description: 'What is behind the cache gets these.',
          },
        ),
      ],
    },
    {
      title: 'Commands',
      panels: [
        timeSeries('Commands by name', 'ops', {
          '{{job}} {{db_operation_name}}': sum('job, db_operation_name', rate(`${OPERATIONS}_count`, REDIS)),
        }),
        timeSeries('Errors by type', 'ops', {
          '{{job}} {{db_operation_name}}: {{error_type}}': sum(
            'job, db_operation_name, error_type',
            rate(`${OPERATIONS}_count`, REDIS, 'error_type!=""'),
          ),
        }),
        timeSeries(
          'Latency',
          's',
          {
            '{{job}} 50 %': quantile(0.5, OPERATIONS, 'job', REDIS),
            '{{job}} 95 %': quantile(0.95, OPERATIONS, 'job', REDIS),
            '{{job}} 99 %': quantile(0.99, OPERATIONS, 'job', REDIS),
          },
          { exemplars: true, description: 'A dot is a command of a request with a trace: click it.' },
        ),
        heatmap('Commands by latency', sum('le', `increase(${of(`${OPERATIONS}_bucket`, REDIS)}[$__rate_interval])`)),
        timeSeries(
          'Slowest commands',
          's',
          {
            '{{job}} {{db_operation_name}}': top(`${quantile(0.95, OPERATIONS, 'job, db_operation_name', REDIS)} > 0`),
          },
          { description: 'The 95th percentile of the ten slowest.' },
        ),
        timeSeries('Connections', 'short', {
          '{{job}} {{instance}} {{server_address}}:{{server_port}}': of('redis_client_connections'),
        }),
        timeSeries('Reconnections', 'ops', {
          '{{job}} {{instance}}': sum('job, instance', rate('redis_client_reconnections_total')),
        }),
      ],
    },
  ],
});
