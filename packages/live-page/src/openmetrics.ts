/** What an observation is remembered with. */
export interface Exemplar {
  readonly traceId: string;
  readonly value: number;
  /** In milliseconds since the Unix epoch. */
  readonly time: number;
}

/** The samples of one label set: of a counter or gauge its value, of a histogram all that belongs to it. */
export interface Series {
  readonly labels: ReadonlyMap<string, string>;
  /** Of a histogram the number of its observations. */
  value: number;
  sum: number;
  /** Upper bounds of the buckets, and how many observations are at or below each. */
  readonly bounds: number[];
  readonly cumulative: number[];
  readonly exemplars: Exemplar[];
}

/** Series by the text of their labels. */
export type Family = ReadonlyMap<string, Series>;

/** Families by their names without units, which a setting of the agent leaves out. */
export type MetricsPage = ReadonlyMap<string, Family>;

const UNIT = /_(?:seconds|bytes|ratio)$/;
const LABEL = /([^=,]+)="((?:[^"\\]|\\.)*)"/g;
const ESCAPED = /\\(.)/g;

/**
 * Reads a page in OpenMetrics text, as the agent writes it: `le` is the last label of a bucket.
 *
 * @throws Error where it is cut off, for it must not be taken for a whole one
 */
export function parseOpenMetrics(text: string): MetricsPage {
  if (!text.endsWith('# EOF\n')) throw new Error('the page of metrics was cut off');
  const page = new Map<string, Map<string, Series>>();
  let family = new Map<string, Series>();
  let familyName = '';
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    if (text.startsWith('# TYPE ', start)) {
      familyName = text.slice(start + 7, text.indexOf(' ', start + 7));
      family = new Map();
      page.set(familyName.replace(UNIT, ''), family);
    } else if (text[start] !== '#') readSample(text.slice(start, end), familyName, family);
    start = end + 1;
  }
  return page;
}

function readSample(line: string, familyName: string, family: Map<string, Series>): void {
  const nameEnd = line.search(/[{ ]/);
  const suffix = line.slice(familyName.length, nameEnd);
  const labelsEnd = line[nameEnd] === '{' ? endOfLabels(line, nameEnd) : nameEnd;
  let labels = line.slice(nameEnd + 1, labelsEnd);
  let bound = '';
  if (suffix === '_bucket') {
    const at = labels.lastIndexOf('le="');
    bound = labels.slice(at + 4, -1);
    labels = labels.slice(0, Math.max(0, at - 1));
  }
  let series = family.get(labels);
  if (series === undefined) {
    series = { labels: parseLabels(labels), value: 0, sum: 0, bounds: [], cumulative: [], exemplars: [] };
    family.set(labels, series);
  }
  const [rest = '', exemplar] = line.slice(line.indexOf(' ', labelsEnd) + 1).split(' # {');
  const value = parseNumber(rest.split(' ', 1)[0] ?? '');
  if (suffix === '_bucket') {
    series.bounds.push(parseNumber(bound));
    series.cumulative.push(value);
    if (exemplar !== undefined) addExemplar(series, exemplar);
  } else if (suffix === '_sum') series.sum = value;
  else if (suffix !== '_created') series.value = value;
}

/** Where the brace is that closes the labels: behind a quote that nothing escapes. */
function endOfLabels(line: string, start: number): number {
  if (line[start + 1] === '}') return start + 1;
  for (let at = line.indexOf('"}', start); at !== -1; at = line.indexOf('"}', at + 1)) {
    let backslashes = 0;
    while (line[at - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return at + 1;
  }
  return line.length;
}

function parseLabels(text: string): ReadonlyMap<string, string> {
  const labels = new Map<string, string>();
  for (const [, name = '', value = ''] of text.matchAll(LABEL)) labels.set(name, unescaped(value));
  return labels;
}

function unescaped(value: string): string {
  return value.replace(ESCAPED, (_, character: string) => (character === 'n' ? '\n' : character));
}

function addExemplar(series: Series, text: string): void {
  const end = text.lastIndexOf('}');
  const traceId = parseLabels(text.slice(0, end)).get('trace_id');
  const [value = '', time = ''] = text.slice(end + 2).split(' ');
  if (traceId !== undefined) series.exemplars.push({ traceId, value: Number(value), time: Number(time) * 1000 });
}

function parseNumber(text: string): number {
  return text === '+Inf' ? Number.POSITIVE_INFINITY : text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text);
}
