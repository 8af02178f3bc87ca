import type childProcess from 'node:child_process';
import { canRunPrograms, ownOptions, ownProcess } from './own-process.ts';

/** Milliseconds in which nothing can be run; as a timeout, 0 would be none. */
const SHORTEST = 50;

/**
 * Runs a program to its end in a process of its own, for a process that is about to exit: no turn of its event loop will come, and
 * what hangs in a thread of it, such as a look-up of a name, would hold it back longer than it is waited for.
 *
 * @param program JavaScript, which reads its input from file descriptor 0
 * @param longest in milliseconds, after which it is ended
 * @returns whether it ended with 0; false where no process may be started
 */
export function runInExit(program: string, input: string | Uint8Array, longest: number): boolean {
  if (longest < SHORTEST || !canRunPrograms()) return false;
  const { spawnSync }: typeof childProcess = require('node:child_process');
  const { status } = spawnSync(process.execPath, [...ownOptions(), '-e', program], {
    ...ownProcess(),
    input,
    timeout: Math.ceil(longest),
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  return status === 0;
}
