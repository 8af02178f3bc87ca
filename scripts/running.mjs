import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './set-up.mjs';

/** Everything that the system keeps on this machine: databases, logs, secrets. */
export const dataDir = join(root, '.data');
const pidFile = join(dataDir, 'start.pid');

/** The pid of the `npm start` that uses the data folder now, or undefined. */
export function runningPid() {
  let pid;
  try {
    pid = Number(readFileSync(pidFile, 'utf8'));
  } catch {
    return undefined;
  }
  // After a crash the pid may by now be anybody's.
  return commandLine(pid).includes('start.mjs') ? pid : undefined;
}

/** Marks the data folder as in use, and gives the function that ends that. `runningPid` must have said undefined. */
export function claimDataDir() {
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(pidFile, `${process.pid}\n`);
  return () => rmSync(pidFile, { force: true });
}

/** @param {number} pid */
function commandLine(pid) {
  try {
    if (process.platform === 'linux') return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return '';
  }
}
