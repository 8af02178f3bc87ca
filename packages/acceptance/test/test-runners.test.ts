import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Ended, runProgram } from './support/program.ts';

const installed = '../libraries/threads/node_modules';
const programs = 'packages/acceptance/programs/test-runners';

/** Test runners that run tests in worker threads, and what they say when the test passes that is to be in one. */
const RUNNERS = {
  ava: [`${installed}/ava/entrypoints/cli.mjs`, ['--tap', `${programs}/ava.cjs`], /^ok 1 - runs in a worker thread$/],
  jest: [
    `${installed}/jest/bin/jest.js`,
    ['--workerThreads', '--maxWorkers=2', '--cache=false', '--rootDir', programs, '--testMatch', '**/jest-*.cjs'],
    /^Tests: +2 failed, 2 passed, 4 total$/,
  ],
} as const;

/** How it ended and what it said, without times; files in the order of their names. */
function verdict({ code, stdout, stderr }: Ended) {
  const said = (stdout + stderr).replace(/^otel: .*\n/gm, '').replace(/ ?\(?[\d.]+ m?s\)?/g, '');
  return { code, lines: said.split('\n').sort() };
}

for (const [name, [file, args, passed]] of Object.entries(RUNNERS)) {
  test(`the tests that ${name} runs in worker threads end as without the agent`, async () => {
    const run = (nodeArguments: string[]) =>
      runProgram(file, { nodeArguments, args: [...args], env: { LIBRARIES: 'threads', CI: 'true' } });
    const bare = verdict(await run([]));
    assert.equal(bare.code, 1);
    assert.ok(
      bare.lines.some((line) => passed.test(line)),
      bare.lines.join('\n'),
    );
    assert.deepEqual(verdict(await run(['-r', './otel/register'])), bare);
  });
}
