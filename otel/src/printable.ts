/**
 * What a terminal or a log acts upon: controls, line breaks, directions of writing, halves of characters. Frames of a stack have lines
 * of their own.
 */
const ACTING = /(?!\n {4}at )[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** The name and password in a URL, or what is left of them where a text was cut; a file's has none. */
const CREDENTIALS = /(?<!\/)\/\/(?!\/)(?:[^\s<>]*(?=@)|[^\s<>/?#]*(?=\u2026))/g;

/** In characters. What is said stands at the beginning of a line, and at its end what happens instead. */
const LONGEST = { whole: 2_000, beginning: 1_500, end: 300 };

/** A text, of which anything may be a value from outside, as it can be shown to a person: in one line, without passwords. */
export function printable(text: string): string {
  const { whole, beginning, end } = LONGEST;
  const short = text.length > whole ? `${text.slice(0, beginning)}…${text.slice(-end)}` : text;
  return short
    .replaceAll(CREDENTIALS, '//…')
    .replaceAll(ACTING, (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`);
}
