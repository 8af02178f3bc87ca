import { type Family, parsePrometheusText } from '@payments/local-stack';
import { ACCEPT, pageIn } from './format-asked.ts';
import { MetricsPage } from './metrics-page.ts';
import type { Program } from './program.ts';

/** Makes what a program counts with prom-client part of its page. */
export const MERGED = { OTEL_METRICS_PROM_CLIENT: 'true' };

/** The page in text, with metrics that the README does not have. */
export async function pageOf(program: Program): Promise<MetricsPage> {
  return new MetricsPage((await pageIn(await program.metricsUrl(), ACCEPT.text)).toString());
}

/** Families in a form that does not depend on the order of labels and series; without those that have no series. */
export function comparable(families: Iterable<Family>): Record<string, object> {
  const entries = Array.from(families, ({ name, type, help, samples }): [string, object] => {
    const series = samples.map(({ name, labels, value }) =>
      JSON.stringify([name, Object.entries(labels).sort(), value]),
    );
    return [name, { type, help, series: series.sort() }];
  });
  return Object.fromEntries(entries.filter(([, { series }]: [string, { series?: string[] }]) => series?.length !== 0));
}

/** What prom-client itself shows in pages of the text format; it has a spelling of its own for what is not a number. */
export function shownBy(pages: readonly string[]): Map<string, Family> {
  return new Map(pages.flatMap((page) => [...parsePrometheusText(page.replace(/ Nan$/gm, ' NaN'))]));
}
