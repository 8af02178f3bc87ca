import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

test('every test of the API runs under the agent too', () => {
  const apiTests = (folder: string) =>
    readdirSync(new URL(folder, import.meta.url)).filter((file) => /^api-/.test(file));
  assert.deepEqual(apiTests('.'), apiTests('..'));
});
