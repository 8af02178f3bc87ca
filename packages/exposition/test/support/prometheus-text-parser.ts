import { metadataName, type OpenMetricsSample, parseNumber, parseSampleLine } from './openmetrics-lines.ts';

/** A family of text 0.0.4. */
export interface TextFamily {
  readonly name: string;
  readonly type: string;
  readonly help: string | undefined;
  readonly samples: OpenMetricsSample[];
}

const METADATA = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*|"(?:[^"\\\n]|\\.)*") (.*)$/s;

/**
 * Reads a page of ours in text 0.0.4, more strictly than promtool does: what is said of a family comes before its samples and
 * once, and duplicate series, interleaved families, missing or unsorted buckets are errors too.
 *
 * @param quotedNames as {@link parseSampleLine} has it
 * @throws Error with the line or the family
 */
export function parseText(text: string, quotedNames = false): TextFamily[] {
  if (text === '') return [];
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families: TextFamily[] = [];
  let help: [name: string, text: string] | undefined;
  for (const line of text.slice(0, -1).split('\n')) {
    const [, keyword, writtenName = '', value = ''] = METADATA.exec(line) ?? [];
    const name = metadataName(writtenName, quotedNames);
    if (keyword === 'HELP') {
      if (help) throw new Error(`the family ${help[0]} has no type`);
      help = [name, value];
    } else if (keyword === 'TYPE') {
      if (help && help[0] !== name) throw new Error(`the help of ${help[0]} stands before ${name}`);
      if (!['counter', 'gauge', 'histogram', 'summary'].includes(value)) throw new Error(`the type ${value}`);
      families.push({ name, type: value, help: help?.[1], samples: [] });
      help = undefined;
    } else {
      readSample(line, families.at(-1), quotedNames);
    }
  }
  const names = new Set<string>();
  for (const family of families) {
    for (const name of namesOf(family)) {
      if (names.has(name)) throw new Error(`the name ${name} belongs to two families`);
      names.add(name);
    }
    checkFamily(family);
  }
  return families;
}

function readSample(line: string, family: TextFamily | undefined, quotedNames: boolean): void {
  if (/\\[^\\"n]/.test(line.replaceAll('\\\\', ''))) throw new Error(`an escape that nobody knows: ${line}`);
  const sample = parseSampleLine(line, quotedNames);
  if (!family || !namesOf(family).includes(sample.name)) throw new Error(`no family has the sample ${line}`);
  if (sample.exemplar || sample.timestamp !== undefined) throw new Error(`more than a value: ${line}`);
  family.samples.push(sample);
}

function namesOf({ name, type }: TextFamily): string[] {
  const suffixes = { histogram: ['_bucket', '_sum', '_count'], summary: ['', '_sum', '_count'] }[type] ?? [''];
  return suffixes.map((suffix) => name + suffix);
}

function checkFamily({ name, type, samples }: TextFamily): void {
  const fail = (why: string) => new Error(`family ${name}: ${why}`);
  if (samples.length === 0) throw fail('no sample');
  const series = new Set<string>();
  const counts = new Map<string, { bound: number; value: number }>();
  for (const { name: of, labels, value } of samples) {
    const identity = of + JSON.stringify([...labels].sort());
    if (series.has(identity)) throw fail(`the series ${identity} twice`);
    series.add(identity);
    if (type === 'summary' && of === name && !isQuantile(labels.get('quantile'))) throw fail('no quantile');
    if (type !== 'histogram') continue;
    const metric = JSON.stringify([...labels].filter(([label]) => label !== 'le').sort());
    const last = counts.get(metric) ?? { bound: Number.NEGATIVE_INFINITY, value: 0 };
    if (of.endsWith('_bucket')) {
      const bound = parseNumber(labels.get('le') ?? 'none');
      if (!(bound > last.bound)) throw fail('buckets out of order');
      if (value < last.value) throw fail('buckets that are not cumulative');
      counts.set(metric, { bound, value });
    } else if (last.bound !== Number.POSITIVE_INFINITY) {
      throw fail('no bucket +Inf');
    } else if (of.endsWith('_count') && value !== last.value) {
      throw fail('a count that is not that of the last bucket');
    }
  }
}

function isQuantile(text = 'none'): boolean {
  const quantile = parseNumber(text);
  return quantile >= 0 && quantile <= 1;
}
