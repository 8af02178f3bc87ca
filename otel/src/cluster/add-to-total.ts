import { inSlices } from '@otel-register/listener';
import { isRunning } from './meeting-place.ts';
import { isThread, pidOf } from './member.ts';
import { Merge, outlivesItsProcess } from './merge.ts';
import { KnownSeries, keyOf } from './series-key.ts';
import { decode, encode } from './snapshot.ts';
import { isMissing, type SnapshotFolder } from './snapshot-folder.ts';

/**
 * Milliseconds after its last snapshot until a thread that does not listen is taken for ended, while its process runs on: nothing
 * tells of a thread that was terminated.
 */
const SILENCE = 30_000;

/** Whether nothing more is written by one, unless it listens: one that is still there may yet write. */
export function isSilent(folder: SnapshotFolder, member: string): boolean {
  if (!isRunning(pidOf(member))) return true;
  return isThread(member) && folder.ageOf(member) > SILENCE;
}

/**
 * Takes what those of `gone` that are silent have counted into the total, so that their number does not matter.
 *
 * @param by who does it
 * @param gone who does not listen
 * @param limit most series of a metric
 */
export async function addToTotal(
  folder: SnapshotFolder,
  by: string,
  gone: readonly string[],
  limit: number,
): Promise<void> {
  const merge = new Merge(limit);
  const known = new KnownSeries();
  const add = async (bytes: Buffer) => {
    for await (const { scope, metric } of inSlices(decode(bytes, known))) {
      if (outlivesItsProcess(metric)) merge.add(scope, metric);
    }
  };
  try {
    const ended = gone.filter((member) => isSilent(folder, member));
    const { members, total } = folder.list();
    const left = ended.filter((member) => members.includes(member));
    if (left.length === 0) return;
    await add(total.bytes);
    for (const member of left) await add(folder.read(member));
    folder.replaceTotal(by, total, left, encode(merge.exactResult(), keyOf));
  } catch (error) {
    // Somebody else was faster.
    if (!isMissing(error)) throw error;
  }
}
