// `npm run test:matrix` runs the tests of the probes and of spans with each Node.js of packages/acceptance/nodes under the programs that
// they start; `npm run test:matrix -- ws pg` only those files that have probe-ws or probe-pg in their names.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './progress.mjs';
import { Explained, fail, install, installTestLibraries, root, run, setUp } from './set-up.mjs';

const acceptance = join(root, 'packages', 'acceptance');
const results = join(acceptance, 'test-results.json');
const nodes = join(acceptance, 'nodes');
const filters = process.argv.slice(2).map((name) => `probe-${name}`);

try {
  await setUp();
  await installTestLibraries();
  await install('Installing Node.js 22, 24 and 26', nodes, '--ignore-scripts', '--no-bin-links');
} catch (error) {
  fail(error);
}

const installed = existsSync(join(nodes, 'node_modules')) ? readdirSync(join(nodes, 'node_modules')).sort() : [];
const versions = installed.filter((name) => name.startsWith('node-'));
if (versions.length === 0)
  fail(new Explained('There is no Node.js to test with for this system: only for Linux on x64.'));

/** @type {string[]} */
const table = [];
for (const version of versions) {
  const log = await testsWith(join(nodes, 'node_modules', version, 'bin', 'node'), version);
  if (log !== undefined) console.log(`\n${log}\n`);
  const counts = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {};
  const { passed = 0, failed = 1, skipped = 0 } = counts;
  table.push(`${failed > 0 ? '✖' : '✔'} ${version}  ${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (failed > 0) process.exitCode = 1;
}
console.log(`\n${table.join('\n')}`);

/**
 * @param {string} node
 * @param {string} title
 * @returns {Promise<string | undefined>} the log of what failed, if anything did
 */
async function testsWith(node, title) {
  rmSync(results, { force: true });
  const args = ['../../scripts/run-tests.mjs', ...(filters.length > 0 ? filters : ['probe-', 'spans-', 'one-trace'])];
  try {
    await step(`Testing probes and spans with ${title}`, () =>
      run(process.execPath, args, acceptance, { NODE_UNDER_TEST: node }),
    );
  } catch (error) {
    if (error instanceof Explained) return error.message;
    throw error;
  }
  return undefined;
}
