import { styleText } from 'node:util';
import { printable } from '../printable.ts';
import type { Finding, Mark, Section } from './findings.ts';

const SIGNS: Record<Mark, { readonly sign: string; readonly color: 'green' | 'gray' | 'yellow' | 'red' }> = {
  good: { sign: '✔', color: 'green' },
  off: { sign: '·', color: 'gray' },
  note: { sign: '!', color: 'yellow' },
  wrong: { sign: '✖', color: 'red' },
};

/** Columns of a report that nobody's terminal bounds, and the most that are used where one does. */
const WIDEST = 110;
const NARROWEST = 30;

/** The subjects of a section stand in a column of their own where it leaves enough room beside it. */
const ROOM_BESIDE_SUBJECTS = 45;

/** Where a line begins, after its sign. */
const INDENT = 4;

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** The report as text, as wide as the terminal; in colours where it is one and NO_COLOR (no-color.org) is not set. */
export function onTerminal(sections: readonly Section[], { isTTY, columns }: Output, env: NodeJS.ProcessEnv): string {
  const width = Math.max(NARROWEST, Math.min(WIDEST, columns ?? WIDEST));
  const hasColors = isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  const paint = (style: Parameters<typeof styleText>[0], text: string) => (hasColors ? styleText(style, text) : text);
  const lines = sections.flatMap(({ title, findings }) => {
    const longest = Math.max(0, ...findings.map(({ subject }) => subject?.length ?? 0));
    const column = width - longest - INDENT >= ROOM_BESIDE_SUBJECTS ? longest : 0;
    return [
      paint('bold', printable(title)),
      ...findings.flatMap((finding) => {
        const { sign, color } = SIGNS[finding.mark];
        const [first = '', ...others] = linesOf(finding, width - INDENT, column);
        return [`  ${paint(color, sign)} ${first}`, ...others.map((line) => `${' '.repeat(INDENT)}${line}`)];
      }),
      '',
    ];
  });
  const all = sections.flatMap(({ findings }) => findings);
  const count = all.filter(({ mark }) => mark === 'wrong').length;
  lines.push(count === 0 ? paint('green', 'All is well.') : paint('red', sentence(count)));
  return `${lines.join('\n')}\n`;
}

function linesOf({ subject, text, mend }: Finding, width: number, column: number): string[] {
  const isBeside = column > 0 && subject !== undefined;
  const room = isBeside ? width - column - 2 : width;
  const mended = mend === undefined ? [] : wrapped(mend, room - 2).map((line, at) => `${at === 0 ? '→' : ' '} ${line}`);
  if (isBeside)
    return [...wrapped(text, room), ...mended].map(
      (line, at) => `${(at === 0 ? subject : '').padEnd(column)}  ${line}`,
    );
  return [...wrapped(subject === undefined ? text : `${subject}: ${text}`, room), ...mended];
}

/** In lines of that width; what is longer without a blank is not cut. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of printable(text).split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

function sentence(count: number): string {
  return count === 1 ? 'One thing is wrong.' : `${count} things are wrong.`;
}
