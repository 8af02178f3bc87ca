import { type Measuring, memoryUnderLoad } from './measure.ts';
import type { MemoryKinds } from './server.ts';
import { median } from './statistics.ts';
import { number, signed, table } from './table.ts';
import { bare, type Variant, whyNotOn } from './variants.ts';
import type { Backends, Workload } from './workloads.ts';

/** What the columns are called; the resident memory is all of it, in use or not. */
const KINDS: Record<keyof MemoryKinds, string> = {
  resident: 'resident',
  heapInUse: 'heap in use',
  heapHeld: 'heap held',
  allocatedByV8: 'V8 itself, most',
};

/**
 * What kinds of memory a service under load has, bare and under the variants: where the `memory` of the other tables is from. What V8
 * itself allocates is mostly for compiling, as much at a time as happens to become hot at once, and the process keeps it.
 */
export async function measureMemory(
  workload: Workload,
  variants: readonly Variant[],
  backends: Backends,
  measuring: Measuring,
): Promise<string> {
  const { surroundings, say, effort } = measuring;
  const { memoryRuns: runs } = effort;
  await workload.prepare?.(backends, surroundings);
  const measured = variants.filter((variant) => whyNotOn(surroundings, variant) === undefined);
  const all = new Map([bare, ...measured].map((variant) => [variant, [] as MemoryKinds[]]));
  for (let run = 1; run <= runs; run++) {
    for (const [variant, seen] of all) {
      say(`memory: ${variant.name}, run ${run} of ${runs}`);
      seen.push(await memoryUnderLoad(workload, variant, backends, measuring));
    }
  }
  const kinds = Object.keys(KINDS) as (keyof MemoryKinds)[];
  const medianOf = (variant: Variant, kind: keyof MemoryKinds) =>
    median((all.get(variant) ?? []).map((seen) => seen[kind] / 2 ** 20));
  const rows = measured.map((variant) => [
    variant.name,
    ...kinds.map((kind) => `${signed(medianOf(variant, kind) - medianOf(bare, kind))} MB`),
  ]);
  const bareRow = [bare.name, ...kinds.map((kind) => `${number(medianOf(bare, kind))} MB`)];
  return `Memory by kind, ${workload.title}, ${runs} runs\n${table(['', ...Object.values(KINDS)], [bareRow, ...rows])}`;
}
