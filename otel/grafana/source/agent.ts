import { dashboard } from './dashboard.ts';
import { stat, timeSeries } from './panels.ts';
import { of, quantile, rate, sum } from './queries.ts';

const INSTANCE = '{{job}} {{instance}}';
const OUTCOME = `${INSTANCE} {{error_type}}`;

export const agent = dashboard({
  uid: 'otel-agent',
  title: 'The agent itself',
  description: 'What the metrics page, the series and the exporters cost, and whether anything is lost.',
  rows: [
    {
      title: 'Now',
      columns: 4,
      panels: [
        stat('Series', 'short', `sum(${of('otel_exporter_prometheus_series')})`),
        stat('Slowest scrape', 's', `max(${of('scrape_duration_seconds')})`),
        stat(
          'Recordings beyond the limit of series',
          'short',
          `sum(${of('otel_metric_overflow_recordings_total')}) or vector(0)`,
          {
            description: 'Since each service began. docs/alerts.md#cardinalityoverflow',
          },
        ),
        stat('Errors of the page', 'short', `sum(${of('otel_exporter_prometheus_errors_total')})`, {
          description: 'Since each service began. docs/alerts.md#pagefails',
        }),
      ],
    },
    {
      title: 'Page',
      columns: 3,
      panels: [
        timeSeries('Series by service', 'short', { [INSTANCE]: of('otel_exporter_prometheus_series') }),
        timeSeries('Time to make a page', 's', {
          [`${INSTANCE} 50 %`]: quantile(0.5, 'otel_exporter_prometheus_scrape_duration_seconds', 'job, instance'),
          [`${INSTANCE} 99 %`]: quantile(0.99, 'otel_exporter_prometheus_scrape_duration_seconds', 'job, instance'),
        }),
        timeSeries('Scrapes', 'reqps', {
          [`${INSTANCE} {{http_response_status_code}}`]: sum(
            'job, instance, http_response_status_code',
            rate('otel_exporter_prometheus_scrapes_total'),
          ),
        }),
        timeSeries('Sent to scrapers', 'binBps', { [INSTANCE]: rate('otel_exporter_prometheus_sent_bytes_total') }),
        timeSeries('Scrapes under way', 'short', { [INSTANCE]: of('otel_exporter_prometheus_active_scrapes') }),
        timeSeries('Errors of the page by type', 'ops', {
          [OUTCOME]: sum('job, instance, error_type', rate('otel_exporter_prometheus_errors_total')),
        }),
        timeSeries('Scrapes as Prometheus sees them', 's', { [INSTANCE]: of('scrape_duration_seconds') }),
        timeSeries('Samples of a scrape', 'short', { [INSTANCE]: of('scrape_samples_scraped') }),
        timeSeries('Recordings beyond the limit by metric', 'ops', {
          '{{job}} {{otel_metric_name}}': sum('job, otel_metric_name', rate('otel_metric_overflow_recordings_total')),
        }),
      ],
    },
    {
      title: 'What is sent',
      columns: 3,
      panels: [
        timeSeries(
          'Spans',
          'eps',
          {
            [`${OUTCOME} queued`]: sum('job, instance, error_type', rate('otel_sdk_processor_span_processed_total')),
            [`${OUTCOME} sent`]: sum('job, instance, error_type', rate('otel_sdk_exporter_span_exported_total')),
          },
          { description: 'With an error_type they are lost.' },
        ),
        timeSeries(
          'Points of metrics',
          'eps',
          {
            [OUTCOME]: sum('job, instance, error_type', rate('otel_sdk_exporter_metric_data_point_exported_total')),
          },
          { description: 'With OTEL_METRICS_EXPORTER=otlp. With an error_type they are lost.' },
        ),
        timeSeries(
          'Errors to Sentry',
          'eps',
          {
            [OUTCOME]: sum('job, instance, error_type', rate('otel_sentry_events_total')),
          },
          { description: 'With an error_type they are lost.' },
        ),
      ],
    },
  ],
});
