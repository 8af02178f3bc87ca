import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** The working directory of a process: how a server of ours is told from a stranger that got the same pid later. */
function workingDirectory(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') return readlinkSync(`/proc/${pid}/cwd`);
    const fields = execFileSync('lsof', ['-a', '-d', 'cwd', '-F', 'n', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /^n(.*)$/m.exec(fields)?.[1];
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Ends a server that a killed run left behind on `dataDir`. The caller guarantees that no other run uses it.
 *
 * @param pidFile a file whose first line is the server's pid; it may be missing or stale.
 * @returns the pid that was stopped, or undefined when nothing was left over.
 * @throws Error when the server does not go away.
 */
export async function stopLeftOver(
  pidFile: string,
  dataDir: string,
  signal: NodeJS.Signals,
): Promise<number | undefined> {
  let pid: number;
  try {
    pid = Number.parseInt(readFileSync(pidFile, 'utf8'), 10);
  } catch {
    return undefined;
  }
  if (!(pid > 1) || workingDirectory(pid) !== realpathSync(dataDir)) return undefined;
  process.kill(pid, signal);
  for (let waited = 0; isAlive(pid); waited += 50) {
    if (waited > 15_000)
      throw new Error(`process ${pid}, left over in ${dataDir}, did not end on ${signal}: end it by hand`);
    await delay(50);
  }
  return pid;
}
