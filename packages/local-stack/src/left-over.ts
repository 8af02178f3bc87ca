import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

interface LeftOver {
  /** A file whose first line is the pid; it may be missing or stale. */
  pidFile: string;
  /** The working directory and a part of the command line: by now the pid may belong to a stranger. */
  cwd: string;
  command: string;
  signal: NodeJS.Signals;
}

/**
 * Ends a process that a killed run left behind. The caller guarantees that no other run owns it.
 *
 * @throws Error when the process does not go away.
 */
export async function stopLeftOver({ pidFile, cwd, command, signal }: LeftOver): Promise<void> {
  const pid = readPid(pidFile);
  if (pid === undefined) return;
  if (!isProcess(pid, cwd, command)) return;
  process.kill(pid, signal);
  for (let waited = 0; isAlive(pid); waited += 50) {
    if (waited > 15_000)
      throw new Error(`process ${pid} (${command}), left over from an earlier run, does not end: kill it`);
    await delay(50);
  }
}

/** Whether the process with that pid has that working directory and, as a part, that command line. */
export function isProcess(pid: number, cwd: string, command: string): boolean {
  const running = describe(pid);
  return running?.cwd === realpathSync(cwd) && running.command.includes(command);
}

/** Whether a process with that pid runs, whosever it is. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readPid(file: string): number | undefined {
  try {
    const pid = Number.parseInt(readFileSync(file, 'utf8'), 10);
    return pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}

function describe(pid: number): { cwd: string | undefined; command: string } | undefined {
  try {
    if (process.platform === 'linux') {
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return { cwd: readlinkSync(`/proc/${pid}/cwd`), command };
    }
    const cwd = /^n(.*)$/m.exec(run('lsof', '-a', '-d', 'cwd', '-F', 'n', '-p', String(pid)))?.[1];
    return { cwd, command: run('ps', '-o', 'command=', '-p', String(pid)) };
  } catch {
    return undefined;
  }
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}
