import { SqlSummary } from './sql-summary.ts';

/** What a span tells of an SQL text (semantic conventions, "Sanitization of db.query.text", "Generating a summary"). */
export interface SqlDescription {
  /** The text with `?` in place of its literals and without its comments. */
  readonly withoutLiterals: string;
  /** Operations and what they work on, in order: `INSERT orders SELECT carts`. */
  readonly summary: string;
  /** The one table or view that the text names; undefined when it names none or several. */
  readonly collection: string | undefined;
}

/** Of longer texts, such as an INSERT of thousands of rows, the beginning is told. */
const MOST_CHARACTERS = 16_384;

/** Texts come again; those with literals in them come once each, and push the others out no more often than this. */
const MOST_TEXTS = 500;
const LONGEST_REMEMBERED = 4096;
const known = new Map<string, SqlDescription>();

/** @param text of a statement or of several */
export function describeSql(text: string): SqlDescription {
  const remembered = known.get(text);
  if (remembered !== undefined) return remembered;
  const described = describe(shortened(text));
  if (text.length <= LONGEST_REMEMBERED) {
    if (known.size >= MOST_TEXTS) known.clear();
    known.set(text, described);
  }
  return described;
}

/** The beginning of a text that is too long to be told. */
export function shortened(text: string): string {
  return text.length <= MOST_CHARACTERS ? text : text.slice(0, MOST_CHARACTERS);
}

/** What PostgreSQL reads as one: what is not ended goes on to the end of the text. */
const TOKEN = new RegExp(
  [
    /(?<blank>\s+)/,
    /(?<comment>--[^\n]*|\/\*[\s\S]*?(?:\*\/|$))/,
    // With escapes, without, between dollars, and numbers.
    /(?<literal>[eE]'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'?|'[^']*(?:''[^']*)*'?|\$(?<tag>[A-Za-z_]\w*)?\$[\s\S]*?(?:\$\k<tag>\$|$)|\.?\d[\w.]*)/,
    /(?<name>"[^"]*(?:""[^"]*)*"?|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)/,
    /\$\d+|[\s\S]/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'g',
);

function describe(text: string): SqlDescription {
  const summary = new SqlSummary();
  let withoutLiterals = '';
  for (const { 0: token, groups } of text.matchAll(TOKEN)) {
    const { blank, comment, literal, name } = groups ?? {};
    if (comment !== undefined) withoutLiterals += ' ';
    else if (literal !== undefined || /^(?:true|false)$/i.test(token)) withoutLiterals += '?';
    else withoutLiterals += token;
    if (blank === undefined && comment === undefined) summary.read(token, name !== undefined);
  }
  return { withoutLiterals: withoutLiterals.trim(), ...summary.told() };
}
