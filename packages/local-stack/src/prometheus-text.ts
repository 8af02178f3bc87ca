/** One line of a page: `name{labels} value`. */
export interface Sample {
  name: string;
  labels: Record<string, string>;
  value: number;
}

/** All samples under one `# TYPE`: of a histogram those of `_bucket`, `_sum` and `_count` too. */
export interface Family {
  name: string;
  type: string;
  help: string;
  samples: Sample[];
}

const SUFFIXES: Record<string, string[]> = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
};
const COMMENT = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) ?(.*)$/;
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/y;

/**
 * Reads a page in the Prometheus text format 0.0.4.
 *
 * @returns its families by name, in the order of the page
 * @throws Error that quotes the first line that is not of the format, or that repeats a family or a sample
 */
export function parsePrometheusText(page: string): Map<string, Family> {
  const families = new Map<string, Family>();
  const seen = new Set<string>();
  for (const [index, line] of page.split('\n').entries()) {
    if (line === '' || (line.startsWith('#') && !COMMENT.test(line))) continue;
    const fail = (reason: string) => new Error(`line ${index + 1} of the page ${reason}: ${line}`);
    const [, keyword, name = '', text = ''] = COMMENT.exec(line) ?? [];
    if (keyword !== undefined) {
      const family = familyNamed(families, name);
      if (keyword === 'TYPE') {
        if (family.type !== 'untyped' || family.samples.length > 0) throw fail('is a second description of a family');
        family.type = text;
      } else family.help = unescaped(text);
      continue;
    }
    const sample = parseSample(line);
    if (sample === undefined) throw fail('is no sample');
    const identity = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    if (seen.has(identity)) throw fail('repeats a sample');
    seen.add(identity);
    (familyOf(families, sample.name) ?? familyNamed(families, sample.name)).samples.push(sample);
  }
  return families;
}

function familyNamed(families: Map<string, Family>, name: string): Family {
  const family = families.get(name) ?? { name, type: 'untyped', help: '', samples: [] };
  families.set(name, family);
  return family;
}

function familyOf(families: Map<string, Family>, sampleName: string): Family | undefined {
  for (const [type, suffixes] of Object.entries(SUFFIXES)) {
    for (const suffix of suffixes) {
      const family = sampleName.endsWith(suffix) && families.get(sampleName.slice(0, -suffix.length));
      if (family && family.type === type) return family;
    }
  }
  return families.get(sampleName);
}

function parseSample(line: string): Sample | undefined {
  const [, name, labelText = '', valueText = ''] = SAMPLE.exec(line) ?? [];
  const labels = parseLabels(labelText);
  const value = valueText.endsWith('Inf') ? Number(valueText.replace('Inf', 'Infinity')) : Number(valueText);
  if (name === undefined || labels === undefined || (Number.isNaN(value) && valueText !== 'NaN')) return undefined;
  return { name, labels, value };
}

function parseLabels(text: string): Record<string, string> | undefined {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? [];
    if (name === undefined || value === undefined || name in labels) return undefined;
    labels[name] = unescaped(value);
  }
  return labels;
}

function unescaped(text: string): string {
  return text.replace(/\\(["\\n])/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

/** The samples of that very name (with its suffix, as `…_bucket`) whose labels pass the test. */
export function samplesOf(
  families: Map<string, Family>,
  name: string,
  accept: (labels: Record<string, string>) => boolean = () => true,
): Sample[] {
  return (familyOf(families, name)?.samples ?? []).filter((sample) => sample.name === name && accept(sample.labels));
}

/** The sum of those samples' values; 0 when there are none. */
export function sumOf(...selection: Parameters<typeof samplesOf>): number {
  return samplesOf(...selection).reduce((sum, { value }) => sum + value, 0);
}

/**
 * The quantile over all the given `_bucket` samples together, by linear interpolation inside a bucket, as PromQL's
 * `histogram_quantile(q, sum by (le) (…))`.
 *
 * @param q between 0 and 1
 * @returns NaN when nothing was observed
 */
export function histogramQuantile(q: number, buckets: readonly Sample[]): number {
  const counts = new Map<number, number>();
  for (const { labels, value } of buckets) {
    const bound = labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le);
    counts.set(bound, (counts.get(bound) ?? 0) + value);
  }
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const rank = q * (sorted.at(-1)?.[1] ?? 0);
  if (rank === 0 && (sorted.at(-1)?.[1] ?? 0) === 0) return Number.NaN;
  const at = sorted.findIndex(([, count]) => count >= rank);
  const [upper, count] = sorted[at] as [number, number];
  const [lower, below] = sorted[at - 1] ?? [0, 0];
  if (upper === Number.POSITIVE_INFINITY) return lower;
  return count === below ? upper : lower + ((upper - lower) * (rank - below)) / (count - below);
}
