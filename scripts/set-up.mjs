// Runs on bare Node.js, before anything is installed: no dependency may be imported here.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { step } from './progress.mjs';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Something that the person at the keyboard can put right: shown without a stack. */
export class Explained extends Error {}

/**
 * Installs and builds what is missing. Takes about a second when nothing changed.
 *
 * @param {string[]} turboOptions such as `--filter=auth`, to build only what that package needs
 */
export async function setUp(...turboOptions) {
  checkNodeVersion();
  await install('Installing packages', root, '--include=dev');
  await step('Building', () => turbo('build', ...turboOptions));
}

/**
 * Installs the packages that a folder's lock file names, unless they are there.
 *
 * @param {string} title
 * @param {string} folder
 * @param {string[]} options of `npm ci`
 */
export async function install(title, folder, ...options) {
  if (isInstalled(folder)) return;
  await step(title, () => npmCi(folder, ...options));
}

/**
 * @param {string} folder
 * @param {string[]} options
 */
function npmCi(folder, ...options) {
  return run('npm', ['ci', '--loglevel=error', ...options], folder);
}

/** Installs what the agent is tested with: sets of versions, each under the packages' real names, by which the agent knows them. */
export async function installTestLibraries() {
  const folder = join(root, 'packages', 'acceptance', 'libraries');
  const missing = readdirSync(folder).filter((set) => !isInstalled(join(folder, set)));
  if (missing.length === 0) return;
  await step('Installing the libraries that the agent is tested with', async (say) => {
    const sets = missing.entries();
    const installInTurn = async () => {
      for (const [index, set] of sets) {
        say(`(${index + 1} of ${missing.length}: ${set})`);
        await npmCi(join(folder, set), '--ignore-scripts', '--legacy-peer-deps');
      }
    };
    // Two at a time: each waits for the registry or the disk most of its time.
    await Promise.all([installInTurn(), installInTurn()]);
    say(`(${missing.length} sets)`);
  });
}

/** Installs other versions of Node.js, where there are packages of them: for Linux on x64. */
export async function installNodes() {
  const folder = join(root, 'packages', 'acceptance', 'nodes');
  await install('Installing Node.js 20.19, 22, 24 and 26', folder, '--ignore-scripts', '--no-bin-links');
}

/** Installs Sentry's local server, for those who want to look at errors and traces. */
export async function installSpotlight() {
  await install('Installing Spotlight', join(root, 'packages', 'local-stack', 'spotlight'), '--ignore-scripts');
}

/**
 * Runs tasks of turbo.json in every package that has them, quietly.
 *
 * @param {string} task
 * @param {string[]} options
 * @throws {Explained} with turbo's output, which has the log of each task that failed
 */
export async function turbo(task, ...options) {
  const program = join(root, 'node_modules', 'turbo', 'bin', 'turbo');
  await run(process.execPath, [program, 'run', task, '--output-logs=errors-only', ...options]);
}

/**
 * Ends the process with the error's message alone when it is {@link Explained}, with its stack otherwise.
 *
 * @param {unknown} error
 */
export function fail(error) {
  process.stderr.write(`${error instanceof Explained ? error.message : /** @type {Error} */ (error).stack}\n`);
  process.exit(1);
}

function checkNodeVersion() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new Explained(`Node.js ${process.versions.node} is too old: 20.19 or newer is needed (https://nodejs.org).`);
}

/** Whether node_modules is what package-lock.json asks for, by the note that npm leaves of what it installed. */
function isInstalled(/** @type {string} */ folder) {
  const wanted = lockedPackages(join(folder, 'package-lock.json'));
  const present = lockedPackages(join(folder, 'node_modules', '.package-lock.json'));
  if (wanted === undefined || present === undefined) return false;
  return Object.entries(wanted)
    .filter(([path]) => path.startsWith('node_modules/'))
    .every(([path, entry]) => {
      const installed = present[path];
      if (installed === undefined) return entry.optional === true;
      return installed.version === entry.version;
    });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean }> | undefined}
 */
function lockedPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env beside that of this process
 * @throws {Explained} with what it wrote, when it did not end well
 */
export async function run(command, args, cwd = root, env = {}) {
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', NODE_VERSION: process.version, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const end = () => child.kill();
  process.once('exit', end);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.once('error', (error) => reject(new Explained(`${command} could not be started: ${error.message}`)));
    child.once('close', resolve);
  });
  process.off('exit', end);
  if (code !== 0) throw new Explained(output.trimEnd());
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await setUp().catch(fail);
