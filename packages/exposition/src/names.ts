import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { SUMMARY } from './summary.ts';
import { unitWords } from './units.ts';

/** What a metric can be on a page; `unknown` is a counter without `_total` where a counter must have it. */
export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'unknown';

/** Values of `translation_strategy` (OpenTelemetry, "Prometheus Exporter"), as configuration files spell them. */
export const TRANSLATION_STRATEGIES = [
  'underscore_escaping_with_suffixes',
  'underscore_escaping_without_suffixes',
  'no_utf8_escaping_with_suffixes',
  'no_translation',
] as const;

export type TranslationStrategy = (typeof TRANSLATION_STRATEGIES)[number];

const [DEFAULT_STRATEGY] = TRANSLATION_STRATEGIES;

/** The Prometheus type of a metric. */
export function familyType(metric: MetricData): FamilyType {
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return metric.isMonotonic ? 'counter' : 'gauge';
    case DataPointType.GAUGE:
      return 'gauge';
    case SUMMARY:
      return 'summary';
    default:
      return 'histogram';
  }
}

/**
 * What the samples are called: instrument name, unit words, `_ratio` for a gauge instrument of unit 1, `_total` for a counter, each once
 * ("Prometheus and OpenMetrics Compatibility", sections "Metric Metadata" and "Sums"; `_ratio` as the reference translator
 * does). Undefined when no name is left.
 */
export function sampleName(
  metric: MetricData,
  type: FamilyType,
  strategy: TranslationStrategy = DEFAULT_STRATEGY,
): string | undefined {
  const { name } = metric.descriptor;
  switch (strategy) {
    case 'underscore_escaping_with_suffixes':
      return legalName(withSuffixTokens(tokensOf(name), metric, type));
    case 'underscore_escaping_without_suffixes':
      return legalName(tokensOf(name));
    case 'no_utf8_escaping_with_suffixes':
      return withSuffixes(wellFormed(name), metric, type);
    case 'no_translation':
      return wellFormed(name) || undefined;
  }
}

function tokensOf(name: string): string[] {
  return name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '');
}

function withSuffixTokens(tokens: string[], metric: MetricData, type: FamilyType): string[] {
  if (tokens.length === 0) return tokens;
  const isTotal = type === 'counter' && tokens.at(-1) === 'total' && tokens.length > 1;
  const named = isTotal ? tokens.slice(0, -1) : tokens;
  const added = suffixTokens(metric).filter((token) => !named.includes(token));
  return [...named, ...added, ...(type === 'counter' ? ['total'] : [])];
}

function legalName(tokens: readonly string[]): string | undefined {
  const joined = tokens.join('_');
  if (joined === '') return undefined;
  return /^[0-9]/.test(joined) ? `_${joined}` : joined;
}

function withSuffixes(name: string, metric: MetricData, type: FamilyType): string | undefined {
  const suffixes = [suffixTokens(metric).join('_'), type === 'counter' ? 'total' : ''].filter(
    (suffix) => suffix !== '',
  );
  const bare = suffixes.reduceRight(withoutSuffix, name);
  return bare === '' ? undefined : [bare, ...suffixes].join('_');
}

/** The name without a suffix that it already has, unless nothing would be left. */
function withoutSuffix(name: string, suffix: string): string {
  const at = name.length - suffix.length - 1;
  return at > 0 && name.endsWith(suffix) && /[._]/.test(name[at] ?? '') ? name.slice(0, at) : name;
}

function suffixTokens(metric: MetricData): string[] {
  const unit = metric.descriptor.unit.trim();
  if (unit === '1') return metric.dataPointType === DataPointType.GAUGE ? ['ratio'] : [];
  const words = unitWords(unit);
  return words === '' ? [] : words.split('_');
}

/** Lone surrogates have no UTF-8 form. */
export function wellFormed(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}
