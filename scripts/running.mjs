import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './set-up.mjs';

/** Everything that the system keeps on this machine: databases, logs, secrets. */
export const dataDir = join(root, '.data');
const pidFile = join(dataDir, 'start.pid');
const systemFile = join(dataDir, 'system.json');

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
  rmSync(systemFile, { force: true });
  writeFileSync(pidFile, `${process.pid}\n`);
  return () => {
    for (const file of [pidFile, systemFile]) rmSync(file, { force: true });
  };
}

/**
 * Tells commands in other terminals what runs. It has a password in it.
 *
 * @param {import('@payments/local-stack').RunningSystem} system
 */
export function describeSystem(system) {
  writeFileSync(systemFile, `${JSON.stringify(system, undefined, 2)}\n`, { mode: 0o600 });
}

/** @returns {import('@payments/local-stack').RunningSystem | undefined} what `npm start` runs, once all of it is up */
export function runningSystem() {
  if (runningPid() === undefined || !existsSync(systemFile)) return undefined;
  return JSON.parse(readFileSync(systemFile, 'utf8'));
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
