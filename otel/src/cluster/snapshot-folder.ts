import {
  closeSync,
  existsSync,
  linkSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { isDeserted } from './meeting-place.ts';
import { framed } from './snapshot.ts';

/** What lies in the folder at a moment. */
export interface Listing {
  /** Processes of which there is a snapshot that is in no total. */
  readonly members: readonly string[];
  /** What the processes that are gone have counted. */
  readonly total: Total;
}

interface Total {
  /** Each total replaces the one before; 0 is none. */
  readonly generation: number;
  /** The processes that were added last, whose snapshots may still lie there. */
  readonly includes: readonly string[];
  readonly bytes: Buffer;
}

const NO_TOTAL: Total = { generation: 0, includes: [], bytes: Buffer.alloc(0) };

const NOTHING: Listing = { members: [], total: NO_TOTAL };

/** Permissions of a snapshot's file, which tell as well whether its thread is at rest. */
const NOT_LAST = 0o600;
const LAST = 0o400;

const SNAPSHOT = '.snapshot';
const TOTAL = 'total-';

/**
 * The snapshots of a cluster's processes: each writes its own, and replaces it at once and as a whole, so that whoever reads
 * it reads all of it, also when the process hangs or is gone. What a process that is gone has counted goes into a total. Of
 * several who make a new one the first succeeds; whatever they are killed at, nothing is counted twice or lost.
 */
export class SnapshotFolder {
  readonly path: string;
  #newest = 0;

  constructor(path: string) {
    this.path = path;
  }

  /** Where the process listens for others. */
  socketOf(member: string): string {
    const name = join(this.path, `${member}.sock`);
    return process.platform === 'win32' ? `\\\\.\\pipe\\${name.replaceAll(/[\\:]/g, '-')}` : name;
  }

  /** Where a socket is no file, one in its place says who is there. */
  enter(member: string): void {
    if (process.platform === 'win32') writeFileSync(join(this.path, `${member}.sock`), '');
  }

  /** Whether others find the process here. */
  has(member: string): boolean {
    return existsSync(join(this.path, `${member}.sock`));
  }

  list(): Listing {
    for (let attempt = 1; ; attempt++) {
      try {
        const files = readdirSync(this.path);
        const total = this.#total(files);
        const members = files.filter((file) => file.endsWith(SNAPSHOT)).map((file) => file.slice(0, -SNAPSHOT.length));
        return { members: members.filter((member) => !total.includes.includes(member)), total };
      } catch (error) {
        if (!existsSync(this.path)) return NOTHING;
        // A newer total has taken the place of the one that was listed, or somebody has begun anew.
        if (attempt === 5) this.#newest = 0;
        if (attempt === 6) throw error;
      }
    }
  }

  /** @throws Error with code ENOENT when it is in a total by now */
  read(member: string): Buffer {
    return readFileSync(join(this.path, member + SNAPSHOT));
  }

  /**
   * Makes `pieces` the snapshot of a process.
   *
   * @param isLast whether nothing comes after it for a while: see {@link isResting}
   */
  write(member: string, pieces: Iterable<Uint8Array>, isLast = false): void {
    const partial = join(this.path, `${member}.partial`);
    writeAll(partial, pieces, isLast ? LAST : NOT_LAST);
    renameSync(partial, join(this.path, member + SNAPSHOT));
  }

  /**
   * Puts `total`, which is the one before and what `gone` have counted, in the place of the one before.
   *
   * @param by who does it
   */
  replaceTotal(by: string, before: Total, gone: readonly string[], pieces: Iterable<Uint8Array>): void {
    const left = readdirSync(this.path);
    const includes = [...before.includes.filter((member) => left.includes(member + SNAPSHOT)), ...gone];
    const partial = join(this.path, `${by}.partial-total`);
    writeAll(partial, [framed(serialize(includes)), ...pieces]);
    const generation = before.generation + 1;
    const replaced = join(this.path, `${TOTAL}${generation}`);
    try {
      linkSync(partial, replaced);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
      throw error;
    } finally {
      rmSync(partial, { force: true });
    }
    // Others may have been so much faster that theirs is gone again: this one counts for nothing then.
    if (newestOf(readdirSync(this.path)) > generation) {
      rmSync(replaced, { force: true });
      return;
    }
    for (const member of includes) this.remove(member);
    rmSync(join(this.path, `${TOTAL}${before.generation}`), { force: true });
  }

  /** Stops being one whom others ask. */
  leave(member: string): void {
    rmSync(join(this.path, `${member}.sock`), { force: true });
  }

  /** Stops being there at all; the process that leaves last takes the folder along. */
  end(): void {
    if (isDeserted(this.path)) rmSync(this.path, { recursive: true, force: true });
  }

  /** Whether a thread has said with its snapshot that it does nothing, and can answer nobody, until it writes the next one. */
  isResting(member: string): boolean {
    try {
      return this.has(member) && (statSync(join(this.path, member + SNAPSHOT)).mode & 0o777) === LAST;
    } catch {
      return false;
    }
  }

  /** Milliseconds since the snapshot was written. */
  ageOf(member: string): number {
    return Date.now() - statSync(join(this.path, member + SNAPSHOT)).mtimeMs;
  }

  /** Removes all that a process has left here. */
  remove(member: string): void {
    for (const end of [SNAPSHOT, '.partial', '.partial-total', '.sock']) {
      rmSync(join(this.path, member + end), { force: true });
    }
  }

  #total(files: readonly string[]): Total {
    const generation = newestOf(files);
    if (generation < this.#newest) throw new Error(`there was a total ${this.#newest} and now there is ${generation}`);
    this.#newest = generation;
    if (generation === 0) return NO_TOTAL;
    const bytes = readFileSync(join(this.path, `${TOTAL}${generation}`));
    const head = 4 + bytes.readUInt32LE();
    return { generation, includes: deserialize(bytes.subarray(4, head)) as string[], bytes: bytes.subarray(head) };
  }
}

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function writeAll(path: string, pieces: Iterable<Uint8Array>, mode = NOT_LAST): void {
  const file = openSync(path, 'w', mode);
  try {
    // All of it: of what is written to a full disk the system may take a part, and say nothing.
    for (const piece of pieces) writeFileSync(file, piece);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function newestOf(files: readonly string[]): number {
  return Math.max(0, ...files.map((file) => (file.startsWith(TOTAL) ? Number(file.slice(TOTAL.length)) : 0)));
}
