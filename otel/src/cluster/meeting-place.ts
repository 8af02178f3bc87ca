import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { pidOf } from './member.ts';

/** The primary process of a cluster and what its workers have in common. */
export interface Cluster {
  readonly primaryPid: number;
  /** What else tells who belongs together: the address of the page. */
  readonly name: string;
}

/** The file in the folder of a process that says which page it is on: see page-above.ts. */
export const PAGE = 'page';

/** Of the snapshots. Processes with another version of the agent, while a new one is rolled out, must not read them. */
const FORMAT = 3;

/**
 * The folder in which the processes of a cluster find each other; nobody but their user may enter it. It is made if need be.
 * In memory where the system has such a place, so that no disk is written to.
 *
 * @throws Error when there is no such place
 */
export function meetingPlace(cluster: Cluster): string {
  let why: unknown;
  for (const base of bases()) {
    try {
      makePrivate(base);
      removeLeftOvers(base);
      const folder = join(base, nameOf(cluster));
      makePrivate(folder);
      return folder;
    } catch (error) {
      why = error;
    }
  }
  throw why;
}

/** Where the system does not tell when a process was started, it may be of another one that had its id. */
export function removeMeetingPlace(cluster: Cluster): void {
  for (const folder of existingFolders(cluster)) rmSync(folder, { recursive: true, force: true });
}

/** The processes that have a folder, of whatever cluster. */
export function processesWithFolder(): Set<number> {
  return new Set(ownBases().flatMap((base) => readdirSync(base).map((name) => Number(name.split('-')[1]))));
}

/** That folder, wherever there is one and nobody else could have made it. */
export function existingFolders(cluster: Cluster): string[] {
  return ownBases()
    .map((base) => join(base, nameOf(cluster)))
    .filter((folder) => existsSync(folder));
}

/** Whether somebody has brought numbers there. */
export function isAnyoneThere(cluster: Cluster): boolean {
  try {
    return existingFolders(cluster).some((folder) => readdirSync(folder).some((file) => file.endsWith('.snapshot')));
  } catch {
    // The last one has left meanwhile.
    return false;
  }
}

function ownBases(): string[] {
  return bases().filter((base) => {
    try {
      return existsSync(base) && isPrivate(base);
    } catch {
      // Node.js' permission model lets the process not look there, so it has brought nothing there either.
      return false;
    }
  });
}

function bases(): string[] {
  const roots = process.platform === 'linux' ? ['/dev/shm', tmpdir()] : [tmpdir()];
  return roots.map((root) => join(root, `otel-${process.getuid?.() ?? userInfo().username}`));
}

function nameOf({ primaryPid, name }: Cluster): string {
  return `${pidNamespace()}-${primaryPid}-${startOf(primaryPid)}-${shortOf(`${FORMAT}\n${name}`)}`;
}

/** @throws Error when it is somebody else's, or others may enter it */
export function makePrivate(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!isPrivate(folder)) throw new Error(`${folder} is not a folder of this user alone`);
}

function isPrivate(folder: string): boolean {
  if (process.platform === 'win32') return true;
  const { uid, mode } = lstatSync(folder);
  return uid === process.getuid?.() && (mode & 0o170077) === 0o040000;
}

/** A few characters for any text: paths of sockets have little room (FNV-1a). */
function shortOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(36);
}

/** Process ids mean something within their namespace only, and containers may share the folder. */
function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');
  } catch {
    return '';
  }
}

/** When a process was started, in ticks since the system was: another process may have had its id before. */
function startOf(pid: number): string {
  return linuxStatus(pid)[19] ?? '';
}

/** What the system says of a process, from its state and its parent on; nothing where there is no /proc. */
export function linuxStatus(pid: number): string[] {
  try {
    // The name of the program stands before that in parentheses and may hold any character.
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  } catch {
    return [];
  }
}

/** What clusters left behind whose processes had no time to: killed all at once. */
function removeLeftOvers(base: string): void {
  const namespace = pidNamespace();
  for (const name of readdirSync(base)) {
    const [of, primaryPid] = name.split('-');
    if (of !== namespace || isRunning(Number(primaryPid))) continue;
    try {
      const folder = join(base, name);
      if (!readdirSync(folder).some((file) => isRunning(pidOf(file)))) rmSync(folder, { recursive: true });
    } catch {
      // Another process is at it too.
    }
  }
}

/** Whether another process is there that could be asked. */
export function isAnyoneElseIn(folder: string): boolean {
  const others = readdirSync(folder).filter((file) => file.endsWith('.sock') && pidOf(file) !== process.pid);
  return others.some((file) => isRunning(pidOf(file)));
}

/** Whether nobody will look there any more: neither another process that is there nor the one that it is the folder of. */
export function isDeserted(folder: string): boolean {
  const primaryPid = Number(basename(folder).split('-')[1]);
  const isOfAnother = primaryPid !== process.pid && existsSync(join(folder, PAGE)) && isRunning(primaryPid);
  return !isOfAnother && !isAnyoneElseIn(folder);
}

/** Whether a process of that id is there; true when that cannot be told. */
export function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false;
  try {
    process.kill(pid, 0);
    // One that has ended stays there until its parent has asked how.
    return linuxStatus(pid)[0] !== 'Z';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
