import type { Family } from './families.ts';
import type { FamilyType } from './names.ts';
import { bucketBound, canonicalBound } from './numbers.ts';

/** Where the text formats differ from one another. */
export interface Dialect {
  /** The family's name, from that of its samples: `requests_total` → `requests`, where a family is called so. */
  familyName(sampleName: string, type: FamilyType): string;
  /** Names that belong to a family and that no other one may have, whether it writes such samples or not. */
  ownedNames(family: string, type: FamilyType): string[];
  /** What the resource's samples own. */
  readonly targetNames: readonly string[];
  /** The comment lines of a family. */
  comments(family: Family): string;
  /** The resource as a family of its own. */
  target(labels: string): string;
  /** The text of a bucket's bound. */
  bound(bound: number): string;
  /** Whether a histogram whose sum cannot be shown has no count either. */
  readonly countNeedsSum: boolean;
  /** Whether a counter may be shown that is negative or no number. */
  readonly anyCounter: boolean;
  readonly exemplars: boolean;
  /** The end of the page. */
  readonly end: string;
}

/** Text exposition format 0.0.4. */
export const prometheusText: Dialect = {
  familyName: (sampleName) => sampleName,
  ownedNames: (family, type) => (type === 'histogram' ? withSuffixes(family, '_bucket', '_sum', '_count') : [family]),
  targetNames: ['target_info'],
  comments({ name, type, help }) {
    return `${help ? `# HELP ${name} ${help.replace(/[\\\n]/g, escaped)}\n` : ''}# TYPE ${name} ${type}\n`;
  },
  target: (labels) => `# HELP target_info Target metadata\n# TYPE target_info gauge\ntarget_info{${labels}} 1\n`,
  bound: bucketBound,
  countNeedsSum: false,
  anyCounter: true,
  exemplars: false,
  end: '',
};

/** OpenMetrics 1.0 text. */
export const openMetricsText: Dialect = {
  familyName: (sampleName, type) => (type === 'counter' ? sampleName.slice(0, -'_total'.length) : sampleName),
  ownedNames(family, type) {
    if (type === 'histogram') return withSuffixes(family, '_bucket', '_sum', '_count', '_created');
    return type === 'counter' ? withSuffixes(family, '_total', '_created') : [family];
  },
  targetNames: ['target', 'target_info'],
  comments({ name, type, help, unit }) {
    const lines = [`# TYPE ${name} ${type}\n`];
    // Prometheus fails the whole scrape over a unit that is not the end of the name.
    if (unit && name.endsWith(`_${unit}`)) lines.push(`# UNIT ${name} ${unit}\n`);
    if (help) lines.push(`# HELP ${name} ${help.replace(/[\\\n"]/g, escaped)}\n`);
    return lines.join('');
  },
  target: (labels) => `# TYPE target info\n# HELP target Target metadata\ntarget_info{${labels}} 1\n`,
  bound: canonicalBound,
  countNeedsSum: true,
  anyCounter: false,
  exemplars: true,
  end: '# EOF\n',
};

function withSuffixes(name: string, ...suffixes: string[]): string[] {
  return [name, ...suffixes.map((suffix) => name + suffix)];
}

function escaped(character: string): string {
  return character === '\n' ? '\\n' : `\\${character}`;
}
