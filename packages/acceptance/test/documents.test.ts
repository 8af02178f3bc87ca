import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';
import { documentedNames, documentedSettings } from './support/documented.ts';
import { namesIn, readDocument, tableRows } from './support/markdown.ts';

const DOCUMENTS = ['', 'docs', 'otel', 'services'].flatMap((folder) =>
  readdirSync(join(repositoryRoot, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

/** What a heading is found by, as GitHub makes it: without signs, with hyphens for blanks. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const withoutCode = (markdown: string) => markdown.replace(/^```[\s\S]*?^```$/gm, '');

function anchorsIn(path: string): string[] {
  return Array.from(withoutCode(readDocument(path)).matchAll(/^#+ (.*)$/gm), ([, heading = '']) => anchorOf(heading));
}

test('every link of a document to a file or a heading leads there', () => {
  const dead: string[] = [];
  for (const document of DOCUMENTS) {
    const links = withoutCode(readDocument(document)).matchAll(/\]\(([^)\s]+)\)/g);
    for (const [, link = ''] of links) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? document : join(dirname(document), path);
      const isThere = existsSync(join(repositoryRoot, target));
      if (!isThere || (anchor !== undefined && !anchorsIn(target).includes(anchor))) dead.push(`${document}: ${link}`);
    }
  }
  assert.ok(DOCUMENTS.length > 10, DOCUMENTS.join());
  assert.deepEqual(dead, []);
});

/** What is there only where a setting asks for it. */
const ASKED_FOR = ['otel_scope_name', 'otel_scope_version', 'http_request_duration_seconds'];

/** Names that guides give because they are those of others: what stands in the first column of their tables. */
function namesOfOthers(document: string): Set<string> {
  const headings = [
    'prom-client',
    'express-prom-bundle',
    'by hand',
    'stock',
    'host-metrics',
    'before',
    'ignored',
    'read by the SDK',
  ];
  const cells = headings
    .flatMap((heading) => tableRows(readDocument(document), `| ${heading} |`))
    .map(([cell]) => cell);
  return new Set(cells.flatMap((cell) => namesIn(cell).flatMap((text) => text.match(/\w+/g) ?? [])));
}

test('every variable that a document names is in the README’s table of settings', () => {
  const settings = documentedSettings();
  const unknown = DOCUMENTS.flatMap((document) => {
    const others = namesOfOthers(document);
    const named = readDocument(document).match(/\b(?:OTEL|SENTRY)_[A-Z0-9_]*[A-Z0-9]\b(?!_?…)/g) ?? [];
    return named.filter((name) => !settings.has(name) && !others.has(name)).map((name) => `${document}: ${name}`);
  });
  assert.deepEqual([...new Set(unknown)], []);
});

test('every metric and label that a document names is in the README’s table of metrics', () => {
  const names = new Set([...documentedNames(), ...ASKED_FOR]);
  const prefixes = new Set(Array.from(names, (name) => name.replace(/_.*/, '')));
  const isKnown = (name: string) => names.has(name) || names.has(name.replace(/_(?:bucket|sum|count)$/, ''));
  const unknown = DOCUMENTS.flatMap((document) => {
    const others = namesOfOthers(document);
    const named = readDocument(document).match(/(?<![\w.:/$-])[a-z0-9]+(?:_[a-z0-9]+)+(?![\w:/(-]|\.[a-z])/g) ?? [];
    return named
      .filter((name) => prefixes.has(name.replace(/_.*/, '')) && !isKnown(name) && !others.has(name))
      .map((name) => `${document}: ${name}`);
  });
  assert.deepEqual([...new Set(unknown)], []);
});
