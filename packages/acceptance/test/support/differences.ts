import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';

/** Those that auto-instrumentations-node brings, which is what most people run. */
const upstreamPackages = createRequire(
  createRequire(join(repositoryRoot, 'otel/package.json')).resolve('@opentelemetry/auto-instrumentations-node'),
);

/** The differences that one probe is allowed to have, by their name in the column `What` of docs/differences.md. */
export class Differences<What extends string> {
  readonly instrumentations: readonly string[];
  readonly #heading: string;
  readonly #whats: readonly What[];
  readonly #seen = new Set<What>();

  /**
   * @param section its heading in docs/differences.md
   * @param instrumentations what it is compared with: `http` for `@opentelemetry/instrumentation-http`
   */
  constructor(section: string, instrumentations: readonly string[], whats: readonly What[]) {
    this.#heading = `## ${section}`;
    this.instrumentations = instrumentations;
    this.#whats = whats;
  }

  seen(what: What): void {
    this.#seen.add(what);
  }

  /** Defines the test that the table has these differences and no others, and that each was seen. Call it last in a file. */
  defineTableTest(): void {
    test('docs/differences.md has just the differences that were seen, and the versions that were compared', () => {
      const page = readFileSync(join(repositoryRoot, 'docs/differences.md'), 'utf8');
      const section = page.split(/^(?=## )/m).find((each) => each.startsWith(`${this.#heading}\n`)) ?? '';
      const rows = Array.from(section.matchAll(/^\| (?!What |---)(.*?) \|/gm), ([, what]) => what);
      assert.deepEqual(rows, this.#whats);
      assert.deepEqual([...this.#seen].sort(), [...this.#whats].sort());
      for (const name of this.instrumentations) {
        const of = `@opentelemetry/instrumentation-${name}`;
        assert.ok(section.includes(`\`${of}\` ${versionOf(of)}`), `${this.#heading} names ${of} ${versionOf(of)}`);
      }
    });
  }
}

function versionOf(name: string): string {
  const manifest = join(upstreamPackages.resolve(name), '../../package.json');
  return JSON.parse(readFileSync(manifest, 'utf8')).version;
}
