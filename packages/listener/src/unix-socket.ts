import { type BigIntStats, chmodSync, linkSync, lstatSync, renameSync, rmSync } from 'node:fs';
import { connect, type Server } from 'node:net';

/** Its user and its group may ask; the group is that of the folder where the folder's setgid bit is set. */
const MODE = 0o660;

/**
 * Makes room for a socket where the file of one lies that nobody listens on any more.
 *
 * @throws Error when what lies there is no socket, or cannot be removed
 */
export async function removeStaleSocket(path: string): Promise<void> {
  const found = fileAt(path);
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`${path} is no socket and is left alone`);
  if (await isAnswered(path)) return;
  // Another process may have done the same meanwhile and listen: what is moved is looked at, and a live one put back.
  const aside = `${path}.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    if (!isSame(fileAt(aside), found)) linkSync(aside, path);
  } finally {
    rmSync(aside);
  }
}

/** Lets those ask who may. */
export function openSocket(path: string): void {
  try {
    chmodSync(path, MODE);
  } catch {
    // It stays one for its user alone.
  }
}

/**
 * Removes the socket when the process ends in order; after another end the next one does that. A server that is closed removes it
 * itself.
 */
export function removeSocketAtExit(server: Server, path: string): void {
  const own = fileAt(path);
  const remove = () => {
    if (own && isSame(fileAt(path), own)) rmSync(path, { force: true });
  };
  process.once('exit', remove);
  server.once('close', () => process.off('exit', remove));
}

function fileAt(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

/** Whether it is the same file, and not another one that has been given its number. */
function isSame(one: BigIntStats | undefined, other: BigIntStats): boolean {
  return one?.dev === other.dev && one.ino === other.ino && one.mtimeNs === other.mtimeNs;
}

/** Any error but these, such as a full queue or a lack of permission, does not tell that nobody listens. */
const NOBODY = ['ECONNREFUSED', 'ENOENT'];

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', ({ code = '' }: NodeJS.ErrnoException) => resolve(!NOBODY.includes(code)));
    socket.unref();
  });
}
