import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';

/** Rules that no test can carry, and why. */
const WITHOUT_A_TEST: Readonly<Record<string, string>> = {
  B3: 'the stock exporter has mended it; F1 and F2 are tested',
  B26: 'the stock exporter has mended it; T1 is tested',
  E6: 'says what the SDK lacks, not what a page must be',
  S8: 'a permission that is not used: target_info is on every page, name[] leaves it out',
  T13: 'a permission that is not used: no scraper asks for zstd',
  T20: 'concerns client libraries of other languages',
};

const TESTED = ['packages/exposition', 'packages/listener', 'packages/acceptance', 'otel'];

/** A test's name, or a row that it is made of, begins with the ids of its rules: 'S1 S3: …', 'B4'. */
const IDS = /['"`]((?:[A-Z]\d{1,2})(?: [A-Z]\d{1,2})*)['"`:]/g;

const shared = process.env.SHARED_DATA_DIR;

test('every rule of the conformance list has a test that carries its id', {
  skip: !shared && 'SHARED_DATA_DIR is not set',
}, () => {
  const list = readFileSync(join(shared ?? '', 'CONFORMANCE.md'), 'utf8');
  const rules = Array.from(list.matchAll(/^\| ([A-Z]\d{1,2}) \|/gm), ([, id = '']) => id);
  assert.ok(rules.length > 100, `${rules.length} rules`);
  const carried = new Set(
    TESTED.flatMap((folder) => {
      const names = readdirSync(join(repositoryRoot, folder, 'test')).filter((name) => name.endsWith('.test.ts'));
      const texts = names.map((name) => readFileSync(join(repositoryRoot, folder, 'test', name), 'utf8'));
      return texts.flatMap((text) => Array.from(text.matchAll(IDS), ([, ids = '']) => ids.split(' ')).flat());
    }),
  );
  const missing = rules.filter((id) => !carried.has(id) && !(id in WITHOUT_A_TEST));
  assert.deepEqual(missing, []);
});
