import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import type { CellRegistry } from '@otel-register/cells';
import type { ScrapeObserver } from '@otel-register/listener';

/** In seconds: those of Prometheus' client libraries. */
const DURATIONS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/**
 * What goes wrong: a callback of the application failed or did not come back, a metric could not be collected, one of prom-client has
 * the name of another, a page could not be made, a scraper went away before it had its page.
 */
const ERRORS = ['callback', 'callback_timeout', 'collection', 'name_taken', 'page', 'disconnected'] as const;
type PageError = (typeof ERRORS)[number];

/** What the page says of itself: what was asked of it, and what went wrong. */
export interface PageMetrics extends Pick<ScrapeObserver, 'began' | 'ended'> {
  /** Told of what is about to be shown. */
  collected(metrics: ResourceMetrics): void;
  failed(type: PageError): void;
}

/** Declares them. What is known only when a scrape is over is on the next page. */
export function measurePages(cells: CellRegistry): PageMetrics {
  const name = (rest: string) => `otel.exporter.prometheus.${rest}`;
  const scrapes = cells.counter({
    name: name('scrapes'),
    unit: '{scrape}',
    description: 'Scrapes that were answered, by status.',
  });
  const active = cells
    .upDownCounter({
      name: name('active_scrapes'),
      unit: '{scrape}',
      description: 'Scrapes that are being answered.',
    })
    .bind({});
  const duration = cells
    .histogram({
      name: name('scrape.duration'),
      unit: 's',
      description: 'Time from the arrival of a scrape to the end of its answer.',
      boundaries: DURATIONS,
    })
    .bind({});
  const sent = cells.counter({ name: name('sent'), unit: 'By', description: 'Bytes of answers to scrapes.' }).bind({});
  const errors = cells.counter({
    name: name('errors'),
    unit: '{error}',
    description: 'What went wrong with a page, or with a metric that is not on it.',
  });
  // There from the start, at zero: the first error is an increase.
  const errorsOf = new Map(ERRORS.map((type) => [type, errors.bind({ 'error.type': type })]));
  const failed = (type: PageError) => errorsOf.get(type)?.add(1);
  let series = 0;
  cells.observedGauge(
    { name: name('series'), unit: '{series}', description: 'Sets of labels on the page before.' },
    (report) => report(series, {}),
  );
  return {
    began: () => active.add(1),
    ended(status, seconds, bytes) {
      active.add(-1);
      sent.add(bytes);
      if (status === undefined) return failed('disconnected');
      scrapes.bind({ 'http.response.status_code': status }).add(1);
      duration.record(seconds);
    },
    collected({ scopeMetrics }) {
      series = 0;
      for (const { metrics } of scopeMetrics) for (const { dataPoints } of metrics) series += dataPoints.length;
    },
    failed,
  };
}
