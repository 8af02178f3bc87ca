import { threadId } from 'node:worker_threads';

/**
 * The name of this thread of this process among those who meet, unlike that of any who was there before: process, thread, time of its
 * beginning.
 */
export function ownName(): string {
  return `${process.pid}-${threadId}-${Date.now().toString(36)}`;
}

/** The process id in a name, or in that of a file which begins with one; NaN where there is none. */
export function pidOf(name: string): number {
  return Number.parseInt(name, 10);
}

/** Whether that is a worker thread, and no main thread. */
export function isThread(name: string): boolean {
  return name.split('-')[1] !== '0';
}
