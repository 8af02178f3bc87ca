import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  type DataPoint,
  type Histogram,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import { type Family, FamilyGrouping, type Warn } from './families.ts';
import { labelText } from './labels.ts';
import { bucketBound, sampleValue } from './numbers.ts';

/** Content type of the Prometheus text exposition format 0.0.4, with the escaping that Prometheus 3 expects to be told. */
export const PROMETHEUS_TEXT = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';

/**
 * Writes OpenTelemetry metric data in the Prometheus text exposition format 0.0.4, following the OpenTelemetry
 * specification "Prometheus and OpenMetrics Compatibility": unit and type suffixes, one family a name, `target_info` first,
 * no scope labels unless two scopes would otherwise write the same series.
 */
export class PrometheusTextRenderer {
  readonly #families: FamilyGrouping;
  readonly #warn: Warn;
  /** Label text is rendered once for a series: the attributes object is the series' identity for as long as it lives. */
  readonly #labels = new WeakMap<Attributes, string>();

  /** @param warn is given one message for each distinct thing that had to be left out */
  constructor(warn: Warn) {
    const said = new Set<string>();
    this.#warn = (message) => {
      if (said.has(message) || said.size >= 1000) return;
      said.add(message);
      warn(message);
    };
    this.#families = new FamilyGrouping(this.#warn);
  }

  /** The whole page. */
  render(resourceMetrics: ResourceMetrics): string {
    const lines: string[] = [];
    const target = labelText(resourceMetrics.resource.attributes);
    if (target)
      lines.push('# HELP target_info Target metadata', '# TYPE target_info gauge', `target_info{${target}} 1`);
    for (const family of this.#families.group(resourceMetrics)) this.#writeFamily(family, lines);
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
  }

  #writeFamily(family: Family, lines: string[]): void {
    const comments = lines.length;
    if (family.help) lines.push(`# HELP ${family.name} ${escapeHelp(family.help)}`);
    lines.push(`# TYPE ${family.name} ${family.type}`);
    const samples = lines.length;
    const series = new Set<string>();
    for (const { metric, scopeName } of family.members) {
      if (metric.aggregationTemporality !== AggregationTemporality.CUMULATIVE) {
        this.#warn(`metric "${metric.descriptor.name}" is not on the page: its temporality is not cumulative`);
        continue;
      }
      for (const point of metric.dataPoints) {
        const labels = this.#uniqueLabels(family, point.attributes, scopeName, series);
        if (labels === undefined) continue;
        if (family.type === 'histogram') writeHistogram(family.name, labels, point as DataPoint<Histogram>, lines);
        else lines.push(`${family.name}${braced(labels)} ${sampleValue(point.value as number)}`);
      }
    }
    if (lines.length === samples) lines.length = comments;
  }

  /** The series' labels; with the scope's name when another scope has the same series; undefined when even that is taken. */
  #uniqueLabels(family: Family, attributes: Attributes, scopeName: string, seen: Set<string>): string | undefined {
    const reserved = family.type === 'histogram' ? 'le' : undefined;
    let labels = this.#labels.get(attributes);
    if (labels === undefined) {
      labels = labelText(attributes, {}, reserved);
      this.#labels.set(attributes, labels);
    }
    if (seen.has(labels)) labels = labelText(attributes, { otel_scope_name: scopeName }, reserved);
    if (seen.has(labels)) {
      this.#warn(`a second series ${family.name}${braced(labels)} is not on the page: the first one stays`);
      return undefined;
    }
    seen.add(labels);
    return labels;
  }
}

function writeHistogram(name: string, labels: string, { value }: DataPoint<Histogram>, lines: string[]): void {
  const { boundaries, counts } = value.buckets;
  const before = labels ? `${labels},` : '';
  let cumulative = 0;
  for (const [bucket, bound] of boundaries.entries()) {
    cumulative += counts[bucket] ?? 0;
    lines.push(`${name}_bucket{${before}le="${bucketBound(bound)}"} ${cumulative}`);
  }
  lines.push(`${name}_bucket{${before}le="+Inf"} ${value.count}`);
  // Sums of negative observations are no counters: such a histogram has none (OpenMetrics 1.0, "Histogram").
  if (value.sum !== undefined && !((boundaries[0] ?? 0) < 0)) {
    lines.push(`${name}_sum${braced(labels)} ${sampleValue(value.sum)}`);
  }
  lines.push(`${name}_count${braced(labels)} ${value.count}`);
}

function braced(labels: string): string {
  return labels ? `{${labels}}` : '';
}

function escapeHelp(help: string): string {
  return help.replace(/[\\\n]/g, (c) => (c === '\n' ? '\\n' : '\\\\'));
}
