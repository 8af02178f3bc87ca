import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { withSettings } from '../write-readme.ts';

test('the table of settings in the README is the one that is read (npm run docs -w otel-register writes it)', () => {
  const readme = readFileSync(path.join(__dirname, '..', '..', 'README.md'), 'utf8');
  assert.equal(readme, withSettings(readme));
  assert.match(readme, /\| `OTEL_SDK_DISABLED` \| false \|/);
});
