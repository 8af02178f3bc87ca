import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';

const telemetry =
  /^(@opentelemetry\/|@sentry\/|@otel-register\/|otel-register$|prom-client|dd-trace|elastic-apm-node|newrelic|.*\/otel\/)/;
const specifier = /(?:\bfrom|\bimport|\brequire(?:\.resolve)?)\s*\(?\s*['"]([^'"]+)['"]/g;

function filesIn(folder: string): string[] {
  return readdirSync(join(repositoryRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return /^(node_modules|dist|\.turbo)$/.test(entry.name) ? [] : filesIn(path);
    return [path];
  });
}

/** What a file imports, or what a package.json depends on. */
function needsOf(path: string): string[] {
  const content = readFileSync(join(repositoryRoot, path), 'utf8');
  if (path.endsWith('package.json')) {
    const manifest = JSON.parse(content);
    const kinds = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'];
    return kinds.flatMap((kind) => Object.keys(manifest[kind] ?? {}));
  }
  if (!/\.[cm]?[jt]sx?$/.test(path)) return [];
  return [...content.matchAll(specifier)].map(([, name = '']) => name);
}

test('no service, and nothing that the services share, knows telemetry', () => {
  const files = [...filesIn('services'), ...filesIn('packages/service-kit')];
  assert.ok(files.length > 30);
  const found = files.flatMap((path) => needsOf(path).map((name) => ({ path, name })));
  assert.ok(found.some(({ name }) => name === '@payments/service-kit'));
  assert.deepEqual(
    found.filter(({ name }) => telemetry.test(name)),
    [],
  );
});
