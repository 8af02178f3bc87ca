/** The series of a metric of what the dashboard shows, and of nothing else that the Prometheus has. */
export function of(metric: string, ...matchers: string[]): string {
  return `${metric}{${['job=~"$service"', 'instance=~"$instance"', ...matchers].join(', ')}}`;
}

/** How much a counter grows in a second, over what Grafana finds fit for the time that is shown. */
export function rate(counter: string, ...matchers: string[]): string {
  return `rate(${of(counter, ...matchers)}[$__rate_interval])`;
}

export function sum(by: string, of: string): string {
  return `sum by (${by}) (${of})`;
}

/** A quantile of a histogram, as far as its buckets tell. */
export function quantile(q: number, histogram: string, by: string, ...matchers: string[]): string {
  return `histogram_quantile(${q}, ${sum(`${by}, le`, rate(`${histogram}_bucket`, ...matchers))})`;
}

/** The mean of a histogram. */
export function mean(histogram: string, by: string, ...matchers: string[]): string {
  const [total, count] = ['sum', 'count'].map((series) => sum(by, rate(`${histogram}_${series}`, ...matchers)));
  return `${total} / ${count}`;
}

/** The ten highest of what may be many. */
export function top(of: string): string {
  return `topk(10, ${of})`;
}
