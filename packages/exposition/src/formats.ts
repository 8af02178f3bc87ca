import type { ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { openMetricsText, prometheusText } from './dialect.ts';
import { ESCAPINGS, type Escaping } from './escaping.ts';
import type { Warn } from './families.ts';
import type { Naming } from './labels.ts';
import { TRANSLATION_STRATEGIES, type TranslationStrategy } from './names.ts';
import { PageRenderer } from './page-renderer.ts';
import type { Allocate } from './page-writer.ts';
import { ProtobufRenderer } from './protobuf-renderer.ts';

/** A format that a page can be asked for in, and what makes it. */
export interface PageFormat {
  readonly mediaType: string;
  /** What else a scraper has to say of the media type to mean this format. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Versions of the format, all of which the page conforms to; the first is meant where none is named. */
  readonly versions: readonly string[];
  /** Escaping schemes under which the page is as it is. */
  readonly escapings: readonly Escaping[];
  /**
   * The page in chunks; an empty one is made where a caller may want to do something else before the next. Of the families those
   * that `only` names, all unless it is given.
   */
  readonly render: (
    resourceMetrics: ResourceMetrics,
    allocate: Allocate,
    only?: ReadonlySet<string>,
  ) => Iterable<Uint8Array>;
}

interface Renderer {
  render: PageFormat['render'];
}

const [DEFAULT_STRATEGY] = TRANSLATION_STRATEGIES;

/** Schemes that leave a legal name as it is: where all names are legal, a page is the same under each of them. */
const KEEPING_LEGAL_NAMES: readonly Escaping[] = ESCAPINGS.filter((escaping) => escaping !== 'dots');

export interface PageOptions {
  /** OpenMetrics says when a series began, with one more series for each. */
  readonly showCreated?: boolean;
  /** Every series says its scope; otherwise only one whose labels another scope has used already. */
  readonly scopeLabels?: boolean;
  readonly strategy?: TranslationStrategy;
  /** Scopes whose metrics and attributes have Prometheus' own names already, which stay as they are. */
  readonly prometheusScopes?: readonly string[];
}

/**
 * Every format under every escaping scheme; the one that all scrapers understand last.
 *
 * @param warn is told what is left out of a page, each thing once
 */
export function pageFormats(
  warn: Warn,
  { showCreated = false, scopeLabels = false, strategy = DEFAULT_STRATEGY, prometheusScopes = [] }: PageOptions = {},
): [...PageFormat[], PageFormat] {
  const told = ['protobuf: ', 'OpenMetrics: ', ''].map((format) => distinct((message) => warn(format + message)));
  const [toldProtobuf, toldOpenMetrics, toldText] = told as [Warn, Warn, Warn];
  const names = { strategy, prometheusScopes };
  return [
    ...underEach(names, (naming) => new ProtobufRenderer(naming, toldProtobuf, scopeLabels), {
      mediaType: 'application/vnd.google.protobuf',
      parameters: { proto: 'io.prometheus.client.MetricFamily', encoding: 'delimited' },
      versions: [],
    }),
    ...underEach(
      names,
      (naming) => new PageRenderer(openMetricsText, naming, toldOpenMetrics, scopeLabels, showCreated),
      {
        mediaType: 'application/openmetrics-text',
        versions: ['1.0.0', '0.0.1'],
      },
    ),
    ...underEach(names, (naming) => new PageRenderer(prometheusText, naming, toldText, scopeLabels), {
      mediaType: 'text/plain',
      versions: ['0.0.4'],
    }),
  ];
}

/** A format once for all schemes that give the same page, the scheme of those who name none last. */
function underEach(
  names: Omit<Naming, 'escaping'>,
  make: (naming: Naming) => Renderer,
  format: Omit<PageFormat, 'escapings' | 'render'>,
): [...PageFormat[], PageFormat] {
  const allLegal = names.strategy.startsWith('underscore');
  const under = (escapings: readonly Escaping[]): PageFormat => {
    // Made when it is asked for first: most are never.
    let renderer: Renderer | undefined;
    const naming = { ...names, escaping: escapings[0] ?? 'underscores' };
    return {
      ...format,
      escapings,
      render: (...args) => {
        renderer ??= make(naming);
        return renderer.render(...args);
      },
    };
  };
  return allLegal
    ? [under(['dots']), under(KEEPING_LEGAL_NAMES)]
    : [under(['dots']), under(['values']), under(['allow-utf-8']), under(['underscores'])];
}

/** Tells each distinct message once; no more than a thousand of them, for their number must not grow with the traffic. */
function distinct(warn: Warn): Warn {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message) || said.size >= 1000) return;
    said.add(message);
    warn(message);
  };
}
