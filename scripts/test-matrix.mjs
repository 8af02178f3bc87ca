// `npm run test:matrix` runs the tests that start programs with the agent once more, with each Node.js of
// packages/acceptance/nodes under these programs; `npm run test:matrix -- ws pg` only files with ws or pg in their paths.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { step } from './progress.mjs';
import { Explained, fail, installNodes, installTestLibraries, root, run, setUp } from './set-up.mjs';

const acceptance = join(root, 'packages', 'acceptance');
const nodes = join(acceptance, 'nodes', 'node_modules');

/** The tests of which most depends on the version, by the beginnings of their names. */
const TESTS = {
  [join(root, 'otel')]: ['children', 'exit', 'other-preloads', 'own-port', 'protection', 'start'],
  [acceptance]: [
    ...['cluster', 'every-node', 'exemplars', 'failing-callbacks', 'log-correlation', 'name-look-ups'],
    ...['one-trace', 'otlp-destinations', 'page-', 'probe-', 'request-contexts', 'same-port', 'spans-'],
    ...['stopped-often', 'worker-threads'],
  ],
};

try {
  await setUp();
  await installTestLibraries();
  await installNodes();
} catch (error) {
  fail(error);
}

const versions = existsSync(nodes) ? readdirSync(nodes).filter((name) => name.startsWith('node-')) : [];
if (versions.length === 0)
  fail(new Explained('There is no Node.js to test with for this system: only for Linux on x64.'));

const wanted = process.argv.slice(2);
/** @type {string[]} */
const table = [];
for (const version of versions.sort()) {
  for (const [folder, beginnings] of Object.entries(TESTS)) {
    const files = filesOf(folder, beginnings);
    if (files.length === 0) continue;
    const results = join(folder, 'test-results.json');
    rmSync(results, { force: true });
    const log = await testsWith(version, folder, files);
    if (log !== undefined) console.log(`\n${log}\n`);
    const counts = existsSync(results) ? JSON.parse(readFileSync(results, 'utf8')) : {};
    const { passed = 0, failed = 1, skipped = 0 } = counts;
    const title = `${version} ${folder.slice(root.length)}`.padEnd(30);
    table.push(`${failed > 0 ? '✖' : '✔'} ${title} ${passed} passed, ${failed} failed, ${skipped} skipped`);
    if (failed > 0) process.exitCode = 1;
  }
}
console.log(`\n${table.join('\n')}`);

/**
 * @param {string} folder
 * @param {string[]} beginnings
 */
function filesOf(folder, beginnings) {
  return readdirSync(join(folder, 'test'))
    .filter((name) => name.endsWith('.test.ts') && beginnings.some((beginning) => name.startsWith(beginning)))
    .map((name) => join('test', name))
    .filter((file) => wanted.length === 0 || wanted.some((filter) => file.includes(filter)));
}

/**
 * @param {string} version
 * @param {string} folder
 * @param {string[]} files
 * @returns {Promise<string | undefined>} the log of what failed, if anything did
 */
async function testsWith(version, folder, files) {
  const args = [join(root, 'scripts', 'run-tests.mjs'), ...files];
  try {
    await step(`Testing ${folder.slice(root.length)} with ${version}`, () =>
      run(process.execPath, args, folder, { NODE_UNDER_TEST: join(nodes, version, 'bin', 'node') }),
    );
  } catch (error) {
    if (error instanceof Explained) return error.message;
    throw error;
  }
  return undefined;
}
