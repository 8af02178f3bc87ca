import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@payments/local-stack';

/** A block of code of a document. */
export interface CodeBlock {
  readonly language: string;
  /** What is written behind the language, which readers do not see: `run`, or `file=server.js`. */
  readonly words: Readonly<Record<string, string>>;
  readonly text: string;
}

/** @param path from the repository's root */
export function readDocument(path: string): string {
  return readFileSync(join(repositoryRoot, path), 'utf8');
}

/** The blocks between fences of three backticks, in their order. */
export function codeBlocks(markdown: string): CodeBlock[] {
  const fenced = markdown.matchAll(/^```(\w+)(.*)\n([\s\S]*?)^```$/gm);
  return Array.from(fenced, ([, language = '', words = '', text = '']) => ({
    language,
    words: Object.fromEntries(
      Array.from(words.matchAll(/([\w-]+)(?:=(\S+))?/g), ([, key, value = '']) => [key, value]),
    ),
    text,
  }));
}

/** The rows of all tables whose heading begins so, each as its cells. */
export function tableRows(markdown: string, heading: string): string[][] {
  const rows: string[][] = [];
  let isWanted = false;
  for (const line of markdown.split('\n')) {
    if (!line.startsWith('|')) isWanted = false;
    else if (line.startsWith(heading)) isWanted = true;
    else if (isWanted && !line.startsWith('| ---')) {
      rows.push(
        line
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim()),
      );
    }
  }
  return rows;
}

/** What stands between backticks. */
export function namesIn(text = ''): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
}
