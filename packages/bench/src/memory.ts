import { applyLoad } from './load-generator.ts';
import type { Measuring } from './measure.ts';
import type { MemoryKinds } from './server.ts';
import { median } from './statistics.ts';
import { number, signed, table } from './table.ts';
import { bare, type Variant, whyNotOn } from './variants.ts';
import type { Backends, Workload } from './workloads.ts';

const CONNECTIONS = 16;

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

/**
 * The memory of a service under load, started anew; of all its processes where it has several. As in the life of a service: traffic, a
 * scrape, much more traffic.
 */
export async function memoryUnderLoad(
  workload: Workload,
  variant: Variant,
  backends: Backends,
  { surroundings, effort }: Pick<Measuring, 'surroundings' | 'effort'>,
): Promise<MemoryKinds> {
  const { servers, requests } = await workload.start(variant, surroundings, backends);
  try {
    const load = (slices: number) => {
      const count = Math.round(slices * effort.share * workload.requests);
      return applyLoad({ port: servers[0].port, requests, count, connections: CONNECTIONS });
    };
    await load(1);
    const isOwn = variant.proof.includes('own-page');
    if (isOwn || variant.proof.includes('service-page')) {
      for (const { port, metricsPort } of servers) {
        await (await fetch(`http://127.0.0.1:${isOwn ? metricsPort : port}/metrics`)).text();
      }
    }
    await load(4);
    const memories = await Promise.all(servers.map((server) => server.memory()));
    return memories.reduce((sum, memory) => ({
      resident: sum.resident + memory.resident,
      heapInUse: sum.heapInUse + memory.heapInUse,
      heapHeld: sum.heapHeld + memory.heapHeld,
      allocatedByV8: sum.allocatedByV8 + memory.allocatedByV8,
    }));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}
