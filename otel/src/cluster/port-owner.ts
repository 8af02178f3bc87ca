import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAnyoneElseIn, isRunning, makePrivate } from './meeting-place.ts';

/**
 * The service that has the page's port, of those whose processes PM2 or the like has forked: the first that is there, until
 * none of its processes is left. Cluster would let all of them share the port, and each page were another service's.
 */
export function portOwner(folder: string, service: string): string {
  const file = join(folder, 'owner');
  const own = join(folder, `${process.pid}.owner`);
  for (;;) {
    // Linked and not written there, so that nobody reads a half of it.
    writeFileSync(own, `${process.pid} ${service}`, { mode: 0o600 });
    try {
      linkSync(own, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(own, { force: true });
    }
    const [, pid, owner = service] = /^(\d+) (.*)$/s.exec(readFileSync(file, 'utf8')) ?? [];
    if (owner === service || isRunning(Number(pid)) || isAnyoneElseIn(folder)) return owner;
    rmSync(folder, { recursive: true, force: true });
    makePrivate(folder);
  }
}
