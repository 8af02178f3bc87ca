import { readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  existingFolders,
  linuxStatus,
  meetingPlace,
  PAGE,
  type Cluster as Place,
  processesWithFolder,
} from './meeting-place.ts';

/** A page on which the processes that its process starts are to be, if they are of the same service. */
export interface Page {
  /** The process that has said so. */
  readonly pid: number;
  readonly service: string;
  /** Where its processes meet. */
  readonly place: Place;
}

/** Says it to all processes that this one starts from now on; where there is no place to say it, they go without. */
export function announce(page: Page): void {
  try {
    const folder = meetingPlace({ ...page.place, primaryPid: page.pid });
    writeFileSync(join(folder, PAGE), JSON.stringify(page), { mode: 0o600 });
  } catch {
    // They take the port for free, and say themselves that it is not.
  }
}

/** Takes it back: those that this process starts from now on have pages of their own. */
export function withdraw(place: Place): void {
  for (const folder of existingFolders({ ...place, primaryPid: process.pid })) {
    rmSync(join(folder, PAGE), { force: true });
    try {
      rmdirSync(folder);
    } catch {
      // There is what others have brought.
    }
  }
}

/**
 * The page of the nearest process that this one comes from, however many shells and the like are in between. Where the
 * system does not tell who has started whom, that is its parent or none.
 *
 * @param name of the place where they would meet
 */
export function pageAbove(name: string): Page | undefined {
  const possible = processesWithFolder();
  if (possible.size === 0) return undefined;
  for (let pid = process.ppid; pid > 0; pid = Number(linuxStatus(pid)[1])) {
    if (!possible.has(pid)) continue;
    for (const folder of existingFolders({ primaryPid: pid, name })) {
      try {
        return JSON.parse(readFileSync(join(folder, PAGE), 'utf8'));
      } catch {
        // It has not said anything.
      }
    }
  }
  return undefined;
}
