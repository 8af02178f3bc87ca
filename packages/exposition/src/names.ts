import { DataPointType, type MetricData } from '@opentelemetry/sdk-metrics';
import { unitWords } from './units.ts';

/** The Prometheus types that OpenTelemetry's point kinds become. */
export type FamilyType = 'counter' | 'gauge' | 'histogram';

/** The Prometheus type of a metric; undefined for a point kind that text 0.0.4 cannot show. */
export function familyType(metric: MetricData): FamilyType | undefined {
  switch (metric.dataPointType) {
    case DataPointType.SUM:
      return metric.isMonotonic ? 'counter' : 'gauge';
    case DataPointType.GAUGE:
      return 'gauge';
    case DataPointType.HISTOGRAM:
      return 'histogram';
    default:
      return undefined;
  }
}

/**
 * What the samples are called: instrument name, unit words, `_ratio` for a gauge instrument of unit 1, `_total` for a counter, each once
 * ("Prometheus and OpenMetrics Compatibility", sections "Metric Metadata" and "Sums"; `_ratio` as the reference translator
 * does). Undefined when nothing legal is left of the name.
 */
export function sampleName(metric: MetricData, type: FamilyType): string | undefined {
  const tokens = metric.descriptor.name.split(/[^a-zA-Z0-9:]+/).filter((token) => token !== '');
  if (tokens.length === 0) return undefined;
  const total = type === 'counter' && tokens.at(-1) === 'total' && tokens.length > 1;
  if (total) tokens.pop();
  for (const token of suffixTokens(metric)) if (!tokens.includes(token)) tokens.push(token);
  if (type === 'counter') tokens.push('total');
  const joined = tokens.join('_');
  return /^[0-9]/.test(joined) ? `_${joined}` : joined;
}

function suffixTokens(metric: MetricData): string[] {
  const unit = metric.descriptor.unit.trim();
  if (unit === '1') return metric.dataPointType === DataPointType.GAUGE ? ['ratio'] : [];
  const words = unitWords(unit);
  return words === '' ? [] : words.split('_');
}
