/** How names that only newer versions of Prometheus read are written for a scraper (Prometheus, "Escaping schemes"). */
export const ESCAPINGS = ['underscores', 'allow-utf-8', 'values', 'dots'] as const;

export type Escaping = (typeof ESCAPINGS)[number];

const METRIC_CHARACTER = /[a-zA-Z0-9_:]/;
const LABEL_CHARACTER = /[a-zA-Z0-9_]/;

/** Whether every version of Prometheus reads the name of a metric. */
export function isLegalMetricName(name: string): boolean {
  return /^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name);
}

/** Whether every version of Prometheus reads the name of a label, in which a colon is not legal. */
export function isLegalLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name);
}

export function escapeMetricName(name: string, escaping: Escaping): string {
  return escapeName(name, escaping, isLegalMetricName(name), METRIC_CHARACTER);
}

export function escapeLabelName(name: string, escaping: Escaping): string {
  return escapeName(name, escaping, isLegalLabelName(name), LABEL_CHARACTER);
}

/** As `EscapeName` of prometheus/common does, on which every reader is built; the schemes' prose differs from it in three points. */
function escapeName(name: string, escaping: Escaping, isLegal: boolean, legal: RegExp): string {
  if (escaping === 'allow-utf-8' || (isLegal && escaping !== 'dots')) return name;
  const escaped = Array.from(name, (character, index) => {
    if (character === '_' && escaping !== 'underscores') return '__';
    if (character === '.' && escaping === 'dots') return '_dot_';
    if (legal.test(character) && !(index === 0 && /[0-9]/.test(character))) return character;
    if (escaping === 'values') return `_${character.codePointAt(0)?.toString(16)}_`;
    return escaping === 'dots' ? '__' : '_';
  });
  return `${escaping === 'values' ? 'U__' : ''}${escaped.join('')}`;
}
