import { isLegalMetricName } from './escaping.ts';
import type { Family, FamilyNames } from './families.ts';
import { quoted } from './labels.ts';
import type { FamilyType } from './names.ts';
import { bucketBound, canonicalBound } from './numbers.ts';

/** Where the text formats differ from one another. */
export interface Dialect extends FamilyNames {
  /** The comment lines of a family. */
  comments(family: Family): string;
  /** The resource as a family of its own. */
  target(labels: string): string;
  /** The text of a bucket's bound, or of a quantile. */
  bound(bound: number): string;
  /**
   * Whether a sum of observations is a counter: where it cannot be one, it is left out, of a histogram together with the
   * count. Quantiles are not negative there.
   */
  readonly sumIsCounter: boolean;
  /** Whether a counter may be shown that is negative or no number. */
  readonly anyCounter: boolean;
  readonly exemplars: boolean;
  /** The end of the page. */
  readonly end: string;
}

/** What stands behind the names of samples that are several to a point. */
const SUFFIXES: { readonly [type in FamilyType]?: readonly string[] } = {
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['_sum', '_count'],
};

/** Text exposition format 0.0.4. */
export const prometheusText: Dialect = {
  typeOf: (_sampleName, type) => type,
  familyName: (sampleName) => sampleName,
  ownedNames: (family, type) => withSuffixes(family, ...(SUFFIXES[type] ?? [])),
  targetNames: ['target_info'],
  comments({ name, type, help }) {
    const family = nameText(name);
    return `${help ? `# HELP ${family} ${help.replace(/[\\\n]/g, escaped)}\n` : ''}# TYPE ${family} ${type}\n`;
  },
  target: (labels) => `# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{${labels}} 1\n`,
  bound: bucketBound,
  sumIsCounter: false,
  anyCounter: true,
  exemplars: false,
  end: '',
};

/** OpenMetrics 1.0 text. */
export const openMetricsText: Dialect = {
  typeOf: (sampleName, type) => (type === 'counter' && !sampleName.endsWith('_total') ? 'unknown' : type),
  familyName: (sampleName, type) => (type === 'counter' ? sampleName.slice(0, -'_total'.length) : sampleName),
  ownedNames(family, type) {
    const suffixes = type === 'counter' ? ['_total'] : SUFFIXES[type];
    return withSuffixes(family, ...(suffixes ? [...suffixes, '_created'] : []));
  },
  targetNames: ['target', 'target_info'],
  comments({ name, type, help, unit }) {
    const family = nameText(name);
    const lines = [`# TYPE ${family} ${type}\n`];
    if (unit && isUnitOf(unit, name)) lines.push(`# UNIT ${family} ${unit}\n`);
    if (help) lines.push(`# HELP ${family} ${help.replace(/[\\\n"]/g, escaped)}\n`);
    return lines.join('');
  },
  target: (labels) => `# TYPE target info\n# HELP target Target metadata\ntarget_info{${labels}} 1\n`,
  bound: canonicalBound,
  sumIsCounter: true,
  anyCounter: false,
  exemplars: true,
  end: '# EOF\n',
};

/** Prometheus fails the whole scrape over a unit that is not the end of the name. */
export function isUnitOf(unit: string, family: string): boolean {
  return family.endsWith(`_${unit}`);
}

/** A metric's name where it stands alone. */
function nameText(name: string): string {
  return isLegalMetricName(name) ? name : quoted(name);
}

function withSuffixes(name: string, ...suffixes: string[]): string[] {
  return [name, ...suffixes.map((suffix) => name + suffix)];
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
