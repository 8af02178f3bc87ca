import type childProcess from 'node:child_process';
import { isBuiltin } from 'node:module';

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
  // The service itself would be started.
  if (longest < SHORTEST || isSingleExecutable()) return false;
  const { spawnSync }: typeof childProcess = require('node:child_process');
  const { status } = spawnSync(process.execPath, ['-e', program], {
    input,
    // Without the agent, whatever brought it in here.
    env: { ...process.env, NODE_OPTIONS: '', OTEL_SDK_DISABLED: 'true', ELECTRON_RUN_AS_NODE: '1' },
    timeout: Math.ceil(longest),
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
  });
  return status === 0;
}

/** Whether the program is one with its Node.js (`node:sea`). */
function isSingleExecutable(): boolean {
  return isBuiltin('node:sea') && (process.getBuiltinModule('node:sea') as { isSea(): boolean }).isSea();
}
