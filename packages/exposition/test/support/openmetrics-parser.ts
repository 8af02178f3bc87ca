import { metadataName, type OpenMetricsSample, parseNumber, parseSampleLine } from './openmetrics-lines.ts';

/** A MetricFamily of OpenMetrics text. */
export interface OpenMetricsFamily {
  readonly name: string;
  type: string;
  help: string | undefined;
  unit: string | undefined;
  readonly samples: OpenMetricsSample[];
}

/** What may stand behind the family's name in a sample of it, by type. */
const SUFFIXES: Record<string, readonly string[]> = {
  unknown: [''],
  gauge: [''],
  counter: ['_total', '_created'],
  stateset: [''],
  info: ['_info'],
  histogram: ['_bucket', '_count', '_sum', '_created'],
  gaugehistogram: ['_bucket', '_gcount', '_gsum'],
  summary: ['', '_count', '_sum', '_created'],
};

/** The label that tells the points of one metric apart, by type. */
const POINT_LABEL: Record<string, string> = { histogram: 'le', gaugehistogram: 'le', summary: 'quantile' };

/**
 * Reads OpenMetrics 1.0 text as strictly as the standard, and more strictly than Prometheus does: also duplicate series and
 * CR are errors.
 *
 * @param quotedNames as {@link parseSampleLine} has it
 * @throws Error with the number of the line
 */
export function parseOpenMetrics(text: string, quotedNames = false): OpenMetricsFamily[] {
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  if (lines.pop() !== '# EOF') throw new Error('the last line is not # EOF');
  const families: OpenMetricsFamily[] = [];
  for (const [index, line] of lines.entries()) {
    try {
      readLine(line, families, quotedNames);
    } catch (error) {
      throw new Error(`line ${index + 1}: ${(error as Error).message}: ${line}`);
    }
  }
  for (const family of families) checkFamily(family);
  checkClashes(families);
  return families;
}

function readLine(line: string, families: OpenMetricsFamily[], quotedNames: boolean): void {
  if (line.endsWith('\r') && !line.startsWith('# HELP ')) throw new Error('a carriage return');
  const metadata = /^# (TYPE|HELP|UNIT) ([a-zA-Z_:][a-zA-Z0-9_:]*|"(?:[^"\\\n]|\\.)*") (.*)$/s.exec(line);
  if (metadata) {
    const [all, keyword, name = '', value] = metadata;
    readMetadata([all, keyword, metadataName(name, quotedNames), value] as Metadata, families);
    return;
  }
  if (line.startsWith('#')) throw new Error('neither TYPE, HELP nor UNIT');
  const sample = parseSampleLine(line, quotedNames);
  const last = families.at(-1);
  if (last && SUFFIXES[last.type]?.some((suffix) => sample.name === last.name + suffix)) last.samples.push(sample);
  else familyNamed(sample.name, families).samples.push(sample);
}

type Metadata = [string, 'TYPE' | 'HELP' | 'UNIT', string, string];

function readMetadata([, keyword, name, text]: Metadata, families: OpenMetricsFamily[]): void {
  const last = families.at(-1);
  const family = last?.name === name ? last : familyNamed(name, families);
  if (family.samples.length > 0) throw new Error('metadata behind samples');
  if (keyword === 'HELP') {
    if (family.help !== undefined) throw new Error('a second HELP');
    family.help = text;
  } else if (keyword === 'UNIT') {
    if (family.unit !== undefined) throw new Error('a second UNIT');
    family.unit = text;
  } else {
    if (family.type !== '') throw new Error('a second TYPE');
    if (!(text in SUFFIXES)) throw new Error('no such type');
    family.type = text;
  }
}

function familyNamed(name: string, families: OpenMetricsFamily[]): OpenMetricsFamily {
  if (families.some((family) => family.name === name)) throw new Error(`the family ${name} is not in one block`);
  const last = families.at(-1);
  if (last && last.type === '') last.type = 'unknown';
  const family: OpenMetricsFamily = { name, type: '', help: undefined, unit: undefined, samples: [] };
  families.push(family);
  return family;
}

/** No family may have the name of a sample of another one. */
function checkClashes(families: readonly OpenMetricsFamily[]): void {
  const owners = new Map<string, string>();
  for (const { name, type } of families) {
    for (const sample of new Set(['', ...(SUFFIXES[type || 'unknown'] ?? [])].map((suffix) => name + suffix))) {
      if (owners.has(sample))
        throw new Error(`clashing names: ${sample} belongs to ${owners.get(sample)} and to ${name}`);
      owners.set(sample, name);
    }
  }
}

function checkFamily(family: OpenMetricsFamily): void {
  const { name, unit } = family;
  const type = family.type || 'unknown';
  const fail = (message: string) => new Error(`family ${name}: ${message}`);
  if (unit && (!name.endsWith(`_${unit}`) || type === 'info' || type === 'stateset')) throw fail(`the unit ${unit}`);
  for (const sample of family.samples) checkSample(type, name, sample);
  checkOrder(type, family);
  if (type === 'histogram' || type === 'gaugehistogram')
    for (const metric of metricsOf(type, family)) checkBuckets(type, name, metric);
}

function checkSample(type: string, family: string, { name, labels, value, exemplar }: OpenMetricsSample): void {
  const fail = (message: string) => new Error(`family ${family}: ${name}: ${message}`);
  const suffix = name.slice(family.length);
  const isCount = ['_total', '_bucket', '_count', '_gcount'].includes(suffix);
  if (exemplar && suffix !== '_bucket' && suffix !== '_total') throw fail('an exemplar where none may be');
  if (exemplar && type === 'unknown') throw fail('an exemplar where none may be');
  if (type !== 'gauge' && type !== 'unknown') {
    if (isCount && !(value >= 0)) throw fail(`the value ${value}`);
    if (suffix === '_sum' && !(value >= 0)) throw fail(`the value ${value}`);
    if (suffix === '_gsum' && Number.isNaN(value)) throw fail(`the value ${value}`);
  }
  if (type === 'info' && value !== 1) throw fail(`the value ${value}`);
  if (type === 'stateset' && (!labels.has(family) || (value !== 0 && value !== 1))) throw fail('no state');
  if (type === 'summary' && suffix === '') {
    const quantile = parseNumber(labels.get('quantile') ?? 'none');
    if (!(quantile >= 0 && quantile <= 1) || value < 0) throw fail(`the quantile ${quantile} of ${value}`);
  }
  if (suffix === '_bucket' && (type === 'histogram' || type === 'gaugehistogram')) {
    if (Number.isNaN(parseNumber(labels.get('le') ?? 'none'))) throw fail('the bound NaN');
    if (labels.get('le') === '+INF') throw fail('the bound +INF');
  }
}

/** All samples of a metric together, points in the order of time, and no series twice. */
function checkOrder(type: string, family: OpenMetricsFamily): void {
  const done = new Set<string>();
  const lastTime = new Map<string, number | undefined>();
  let current: string | undefined;
  for (const sample of family.samples) {
    const metric = identity(sample, POINT_LABEL[type] ?? (type === 'stateset' ? family.name : undefined));
    if (metric !== current) {
      if (done.has(metric)) throw new Error(`family ${family.name}: the samples of {${metric}} are not together`);
      done.add(metric);
      current = metric;
    }
    const series = `${sample.name}{${identity(sample, undefined)}}`;
    if (lastTime.has(series) && type !== 'info') {
      const before = lastTime.get(series);
      if (before === undefined || sample.timestamp === undefined) throw new Error(`${series} stands twice`);
      if (sample.timestamp < before) throw new Error(`${series}: time runs backwards`);
    }
    lastTime.set(series, sample.timestamp);
  }
}

function metricsOf(type: string, family: OpenMetricsFamily): OpenMetricsSample[][] {
  const metrics = new Map<string, OpenMetricsSample[]>();
  for (const sample of family.samples) {
    const key = `${identity(sample, POINT_LABEL[type])} ${sample.timestamp}`;
    metrics.set(key, [...(metrics.get(key) ?? []), sample]);
  }
  return [...metrics.values()];
}

function checkBuckets(type: string, name: string, samples: readonly OpenMetricsSample[]): void {
  const fail = (message: string) => new Error(`family ${name}: ${message}`);
  const [countName, sumName] = type === 'histogram' ? ['_count', '_sum'] : ['_gcount', '_gsum'];
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const count = samples.find((sample) => sample.name === name + countName);
  const sum = samples.find((sample) => sample.name === name + sumName);
  const bounds = buckets.map(({ labels }) => parseNumber(labels.get('le') ?? ''));
  if (bounds.at(-1) !== Number.POSITIVE_INFINITY) throw fail('the last bucket is not +Inf');
  for (const [index, { value }] of buckets.entries()) {
    if (index > 0 && !((bounds[index] ?? 0) > (bounds[index - 1] ?? 0))) throw fail('the buckets are not in order');
    if (index > 0 && value < (buckets[index - 1]?.value ?? 0)) throw fail('the buckets are not cumulative');
  }
  const isNegative = (bounds[0] ?? 0) < 0;
  if ((count === undefined) !== (sum === undefined)) throw fail('count and sum belong together');
  if (count && count.value !== buckets.at(-1)?.value) throw fail('the count is not that of the last bucket');
  if (type === 'histogram' && isNegative && sum) throw fail('a sum with a negative bucket');
  if (type === 'gaugehistogram' && !isNegative && sum && sum.value < 0)
    throw fail('a negative sum without a negative bucket');
  if (count && samples.indexOf(count) < samples.indexOf(buckets[0] as OpenMetricsSample))
    throw fail('the count before the buckets');
}

function identity({ labels }: OpenMetricsSample, without: string | undefined): string {
  return JSON.stringify([...labels].filter(([label]) => label !== without).sort());
}
