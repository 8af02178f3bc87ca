/**
 * UCUM units as words, as the compatibility specification spells them ("Prometheus and OpenMetrics Compatibility",
 * section "Metric Metadata").
 */
const WORDS = new Map([
  ['d', 'days'],
  ['h', 'hours'],
  ['min', 'minutes'],
  ['s', 'seconds'],
  ['ms', 'milliseconds'],
  ['us', 'microseconds'],
  ['ns', 'nanoseconds'],
  ['By', 'bytes'],
  ['KiBy', 'kibibytes'],
  ['MiBy', 'mebibytes'],
  ['GiBy', 'gibibytes'],
  ['TiBy', 'tebibytes'],
  ['kBy', 'kilobytes'],
  ['MBy', 'megabytes'],
  ['GBy', 'gigabytes'],
  ['TBy', 'terabytes'],
  ['m', 'meters'],
  ['V', 'volts'],
  ['A', 'amperes'],
  ['J', 'joules'],
  ['W', 'watts'],
  ['g', 'grams'],
  ['Cel', 'celsius'],
  ['Hz', 'hertz'],
  ['%', 'percent'],
]);

const PER_WORDS = new Map([
  ['s', 'second'],
  ['m', 'minute'],
  ['min', 'minute'],
  ['h', 'hour'],
  ['d', 'day'],
  ['w', 'week'],
  ['wk', 'week'],
  ['mo', 'month'],
  ['y', 'year'],
  ['a', 'year'],
]);

/**
 * The words that a UCUM unit adds to a metric's name: `By/s` → `bytes_per_second`, `{request}` and `1` → none. An unknown
 * unit is kept, with what is illegal in a name left out as `_`.
 */
export function unitWords(unit: string): string {
  const [numerator = '', ...denominators] = unit.split('/');
  const words = word(numerator, WORDS);
  const per = denominators.map((part) => word(part, PER_WORDS)).filter((part) => part !== '');
  return [words, ...per.map((part) => `per_${part}`)].filter((part) => part !== '').join('_');
}

function word(part: string, words: ReadonlyMap<string, string>): string {
  const bare = part.trim();
  if (bare.includes('{') || bare.includes('}') || bare === '1') return '';
  return words.get(bare) ?? bare.replace(/[^a-zA-Z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}
