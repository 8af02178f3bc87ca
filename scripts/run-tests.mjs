// The `test` script of every package: runs test/**/*.test.ts of the package in the working directory and leaves the counts
// in test-results.json. `npm test -- postgres` runs the files with "postgres" in their path; what starts with -- goes to node.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const results = 'test-results.json';
const [filters, nodeOptions] = partition(process.argv.slice(2), (argument) => !argument.startsWith('--'));
const files = (existsSync('test') ? readdirSync('test', { recursive: true, encoding: 'utf8' }) : [])
  .filter((file) => file.endsWith('.test.ts') && !file.includes('node_modules'))
  .map((file) => join('test', file))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort();

rmSync(results, { force: true });
if (files.length === 0) {
  writeFileSync(results, '{"passed":0,"failed":0,"skipped":0}\n');
  console.log(filters.length > 0 ? `no test file has ${filters.join(' or ')} in its path` : 'no test files');
  process.exit();
}

const child = spawn(
  process.execPath,
  [
    ...['--import', 'tsx', '--test', '--test-concurrency=2', '--test-timeout=900000'],
    ...['--test-reporter=spec', '--test-reporter-destination=stdout'],
    ...[
      `--test-reporter=${new URL('count-tests.mjs', import.meta.url).href}`,
      `--test-reporter-destination=${results}`,
    ],
    ...nodeOptions,
    ...files,
  ],
  { stdio: 'inherit' },
);
for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']))
  process.on(signal, () => child.kill(signal));
child.on('exit', (code) => {
  const counts = existsSync(results) ? readFileSync(results, 'utf8') : '';
  // A runner that was killed, or failed outside any test, must not look like a success.
  if (code !== 0 && !/"failed":[1-9]/.test(counts)) writeFileSync(results, '{"passed":0,"failed":1,"skipped":0}\n');
  process.exit(code ?? 1);
});

/**
 * @template T
 * @param {T[]} items
 * @param {(item: T) => boolean} test
 */
function partition(items, test) {
  return [items.filter(test), items.filter((item) => !test(item))];
}
