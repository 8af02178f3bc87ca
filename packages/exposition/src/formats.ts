import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { openMetricsText, prometheusText } from './dialect.ts';
import type { Warn } from './families.ts';
import { PageRenderer } from './page-renderer.ts';
import type { Allocate } from './page-writer.ts';

/** A format that a page can be asked for in, and what makes it. */
export interface PageFormat {
  readonly mediaType: string;
  /** Versions of the format, all of which the page conforms to; the first is meant where none is named. */
  readonly versions: readonly string[];
  /** Escaping schemes under which the page is as it is: all names on it are legal in every version of Prometheus. */
  readonly escapings: readonly string[];
  readonly render: (resourceMetrics: ResourceMetrics, allocate: Allocate) => Iterable<Uint8Array>;
}

const ESCAPINGS = ['underscores', 'allow-utf-8', 'values'];

/**
 * Every format, the one that all scrapers understand last.
 *
 * @param warn is told what is left out of a page, each thing once
 * @param options `showCreated`: the formats that can say when a series began do, with one more series for each
 */
export function pageFormats(warn: Warn, { showCreated = false } = {}): [PageFormat, PageFormat] {
  const openMetrics = new PageRenderer(openMetricsText, (message) => warn(`OpenMetrics: ${message}`), showCreated);
  const text = new PageRenderer(prometheusText, warn);
  return [
    {
      mediaType: 'application/openmetrics-text',
      versions: ['1.0.0', '0.0.1'],
      escapings: ESCAPINGS,
      render: (...args) => openMetrics.render(...args),
    },
    {
      mediaType: 'text/plain',
      versions: ['0.0.4'],
      escapings: ESCAPINGS,
      render: (...args) => text.render(...args),
    },
  ];
}
