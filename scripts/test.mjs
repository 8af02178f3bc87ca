import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './progress.mjs';
import {
  Explained,
  fail,
  installNodes,
  installSpotlight,
  installTestLibraries,
  root,
  setUp,
  turbo,
} from './set-up.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

await setUp().then(installTestLibraries).then(installNodes).then(installSpotlight).catch(fail);

const packages = ['packages', 'services']
  .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
  .concat('otel')
  .filter(hasTests)
  .sort();
for (const folder of packages) rmSync(resultsOf(folder), { force: true });

const lint = await outcome('Checking format, code and types', '//#lint');
const test = await outcome('Testing', 'test', '--continue', '--concurrency=2');
for (const { log } of [lint, test]) if (log !== undefined) console.log(`\n${log}`);

/** @type {Array<[string, Counts]>} */
const table = [
  ['lint', { passed: lint.log === undefined ? 1 : 0, failed: lint.log === undefined ? 0 : 1, skipped: 0 }],
];
for (const folder of packages) table.push([folder, countsOf(folder)]);
const total = { passed: 0, failed: 0, skipped: 0 };
console.log('');
for (const [name, counts] of table) {
  for (const key of /** @type {const} */ (['passed', 'failed', 'skipped'])) total[key] += counts[key];
  console.log(`${counts.failed > 0 ? '✖' : '✔'} ${name.padEnd(24)} ${sentence(counts)}`);
}
// A task can fail outside its tests: then no package may look fine.
if (test.log !== undefined && table.every(([name, { failed }]) => name === 'lint' || failed === 0)) total.failed++;
if (total.skipped > 0 && !process.env.SHARED_DATA_DIR) {
  console.log('\nSHARED_DATA_DIR is not set: tests that need the data in that folder were skipped.');
}
console.log(`\n${sentence(total)}`);
process.exitCode = total.failed > 0 ? 1 : 0;

/**
 * @param {string} title
 * @param {string} task
 * @param {string[]} options
 * @returns {Promise<{ log?: string }>} the log of what failed, if anything did
 */
async function outcome(title, task, ...options) {
  try {
    await step(title, async (say) => {
      const timer = setInterval(() => {
        const done = packages.filter((folder) => existsSync(resultsOf(folder))).length;
        if (task === 'test') say(`(${done} of ${packages.length} packages done)`);
      }, 500);
      await turbo(task, ...options).finally(() => clearInterval(timer));
    });
    return {};
  } catch (error) {
    if (error instanceof Explained) return { log: error.message };
    throw error;
  }
}

/** @param {string} folder */
function hasTests(folder) {
  const manifest = join(root, folder, 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).scripts?.test !== undefined;
}

/** @param {string} folder */
function resultsOf(folder) {
  return join(root, folder, 'test-results.json');
}

/**
 * @param {string} folder
 * @returns {Counts} one failure where a package left no results: its build or its test run did not come that far
 */
function countsOf(folder) {
  const results = resultsOf(folder);
  return existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : { passed: 0, failed: 1, skipped: 0 };
}

/** @param {Counts} counts */
function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
