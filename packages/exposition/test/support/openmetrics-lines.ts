/** One sample line of OpenMetrics text. */
export interface OpenMetricsSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
  readonly timestamp: number | undefined;
  readonly exemplar:
    | { readonly labels: ReadonlyMap<string, string>; readonly value: number; readonly timestamp: number | undefined }
    | undefined;
}

const NAME = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const LABEL_NAME = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const QUOTED = /"((?:[^"\\\n]|\\.)*)"/y;
const NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?|[+-]?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]/y;
const REAL_NUMBER = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;

/** Most code points that the label set of an exemplar may have, names and values together. */
const EXEMPLAR_LIMIT = 128;

/**
 * Reads one sample line (OpenMetrics 1.0, "ABNF").
 *
 * @param quotedNames whether names that only newer versions of Prometheus read may be there, as they must be then: quoted
 * @throws Error that says what is wrong where
 */
export function parseSampleLine(line: string, quotedNames = false): OpenMetricsSample {
  const cursor = new Cursor(line);
  const bare = cursor.peek() === '{' ? undefined : cursor.take(NAME, 'a metric name');
  const set = cursor.peek() === '{' ? labelSet(cursor, quotedNames) : { labels: new Map<string, string>() };
  const { labels } = set;
  const name = bare ?? set.quotedName;
  if (name === undefined || (bare && set.quotedName)) throw new Error('one metric name is wanted');
  cursor.expect(' ');
  const value = numberOf(cursor.take(NUMBER, 'a value'));
  const timestamp = cursor.peek() === ' ' && line[cursor.at + 1] !== '#' ? timestampOf(cursor) : undefined;
  const exemplar = cursor.peek() === ' ' ? exemplarOf(cursor) : undefined;
  if (!cursor.isAtEnd) throw cursor.error('the end of the line');
  return { name, labels, value, timestamp, exemplar };
}

/** A bucket's bound or a quantile as a number. @throws Error when it is none */
export function parseNumber(text: string): number {
  const cursor = new Cursor(text);
  const number = numberOf(cursor.take(NUMBER, 'a number'));
  if (!cursor.isAtEnd) throw cursor.error('the end of the number');
  return number;
}

function exemplarOf(cursor: Cursor): OpenMetricsSample['exemplar'] {
  cursor.expect(' # ');
  if (cursor.peek() !== '{') throw cursor.error('{');
  const { labels } = labelSet(cursor);
  const size = Array.from(labels, ([name, value]) => [...name].length + [...value].length).reduce((a, b) => a + b, 0);
  if (size > EXEMPLAR_LIMIT)
    throw new Error(`the exemplar's labels have ${size} code points, more than ${EXEMPLAR_LIMIT}`);
  cursor.expect(' ');
  const value = numberOf(cursor.take(NUMBER, "the exemplar's value"));
  return { labels, value, timestamp: cursor.peek() === ' ' ? timestampOf(cursor) : undefined };
}

function timestampOf(cursor: Cursor): number {
  cursor.expect(' ');
  return Number(cursor.take(REAL_NUMBER, 'a timestamp'));
}

interface LabelSet {
  readonly labels: Map<string, string>;
  /** The metric's, where it stands between the braces. */
  readonly quotedName?: string;
}

function labelSet(cursor: Cursor, quotedNames = false): LabelSet {
  const labels = new Map<string, string>();
  let quotedName: string | undefined;
  cursor.expect('{');
  while (cursor.peek() !== '}') {
    if (labels.size > 0 || quotedName !== undefined) cursor.expect(',');
    const isQuoted = quotedNames && cursor.peek() === '"';
    const name = isQuoted ? quotedOf(cursor, 'a quoted name') : cursor.take(LABEL_NAME, 'a label name');
    if (isQuoted && quotedName === undefined && labels.size === 0 && cursor.peek() !== '=') {
      quotedName = checkedName(name, NAME);
      continue;
    }
    if (isQuoted) checkedName(name, LABEL_NAME);
    cursor.expect('=');
    if (labels.has(name)) throw new Error(`the label ${name} stands twice`);
    labels.set(name, quotedOf(cursor, 'a quoted label value'));
  }
  cursor.expect('}');
  return quotedName === undefined ? { labels } : { labels, quotedName };
}

function quotedOf(cursor: Cursor, what: string): string {
  return unescaped(cursor.take(QUOTED, what).slice(1, -1));
}

/** A name that had to be quoted, for it is none of the `legal` ones. */
function checkedName(name: string, legal: RegExp): string {
  legal.lastIndex = 0;
  if (name === '' || legal.exec(name)?.[0] === name) throw new Error(`the name ${JSON.stringify(name)} is quoted`);
  return name;
}

/** The name of a metric where it stands alone, as in TYPE lines. */
export function metadataName(text: string, quotedNames: boolean): string {
  if (!text.startsWith('"')) return text;
  if (!quotedNames) throw new Error('a quoted name');
  return checkedName(unescaped(text.slice(1, -1)), NAME);
}

function unescaped(text: string): string {
  return text.replace(/\\([\\"n])/g, (_, character: string) => (character === 'n' ? '\n' : character));
}

function numberOf(text: string): number {
  if (/nan/i.test(text)) return Number.NaN;
  if (/inf/i.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return Number(text);
}

/** A place in a line that only moves on. */
class Cursor {
  at = 0;
  readonly #line: string;

  constructor(line: string) {
    this.#line = line;
  }

  peek(): string | undefined {
    return this.#line[this.at];
  }

  get isAtEnd(): boolean {
    return this.at === this.#line.length;
  }

  take(pattern: RegExp, what: string): string {
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.#line)?.[0];
    if (match === undefined) throw this.error(what);
    this.at += match.length;
    return match;
  }

  expect(text: string): void {
    if (!this.#line.startsWith(text, this.at)) throw this.error(JSON.stringify(text));
    this.at += text.length;
  }

  error(wanted: string): Error {
    return new Error(`${wanted} expected at column ${this.at + 1}`);
  }
}
