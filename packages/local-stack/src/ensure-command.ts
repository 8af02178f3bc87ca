import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Absolute path of a program on the PATH (or in the folders where Debian puts servers), or undefined. */
export function findCommand(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin'];
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * Finds a program, and installs its Debian package where this process may (root on Debian or Ubuntu). No daemon is started.
 *
 * @param name the program, such as `promtool`
 * @param debianPackage the package that brings it, such as `prometheus`
 * @param onInstall called before an installation, which takes some seconds
 * @returns the program's absolute path
 * @throws Error that says in one sentence how to get the program when it cannot be installed from here
 */
export async function ensureCommand(
  name: string,
  debianPackage: string,
  onInstall: () => void = () => {},
): Promise<string> {
  return ensureInstalled(name, () => findCommand(name), debianPackage, onInstall);
}

/** The same for what is no program: what `find` answers, before or after the Debian package was installed. */
export async function ensureInstalled<T>(
  name: string,
  find: () => T | undefined,
  debianPackage: string,
  onInstall: () => void = () => {},
): Promise<T> {
  const found = find();
  if (found !== undefined) return found;
  if (process.getuid?.() !== 0 || findCommand('apt-get') === undefined) {
    throw new Error(`${name} is not installed. Get it with: ${installHint(debianPackage)}`);
  }
  onInstall();
  await installDebianPackage(debianPackage);
  const installed = find();
  if (installed === undefined)
    throw new Error(`the Debian package ${debianPackage} was installed but brought no ${name}`);
  return installed;
}

function installHint(debianPackage: string): string {
  if (findCommand('apt-get')) return `sudo apt-get install ${debianPackage}`;
  const name = debianPackage.replace(/-server$/, '');
  if (process.platform === 'darwin') return `brew install ${name}`;
  if (findCommand('apk')) return `apk add ${name}`;
  if (findCommand('dnf')) return `sudo dnf install ${name}`;
  return `your system's package manager (package ${name})`;
}

let installing: Promise<unknown> = Promise.resolve();

/** One after the other: they share the lock of apt, and the file that forbids to start daemons. */
function installDebianPackage(name: string): Promise<void> {
  const installed = installing.then(() => installNow(name));
  installing = installed.catch(() => {});
  return installed;
}

async function installNow(name: string): Promise<void> {
  // Debian starts a daemon when its package is installed unless this file forbids it.
  const policy = '/usr/sbin/policy-rc.d';
  const ours = !existsSync(policy);
  if (ours) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    const install = ['install', '--yes', '--no-install-recommends', name];
    if (
      await aptGet(install).then(
        () => true,
        () => false,
      )
    )
      return;
    await aptGet(['update']);
    await aptGet(install);
  } finally {
    if (ours) rmSync(policy, { force: true });
  }
}

async function aptGet(args: string[]): Promise<void> {
  const child = spawn('apt-get', ['-o', 'DPkg::Lock::Timeout=120', ...args], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new Error(`apt-get ${args.join(' ')} failed:\n${output.trimEnd().split('\n').slice(-10).join('\n')}`);
}
