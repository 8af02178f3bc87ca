import { fileURLToPath } from 'node:url';
import type { Measuring } from './measure.ts';
import type { StartUpResults } from './results.ts';
import { runOnce } from './server.ts';
import { compare, type Pair } from './statistics.ts';
import { bare, type Variant, whyNotOn } from './variants.ts';

interface StartUp {
  /** Milliseconds from the process's start until its server listens. */
  readonly wall: number;
  /** Milliseconds of CPU of all threads until then. */
  readonly cpu: number;
}

const program = (name: string) => fileURLToPath(new URL(`../programs/${name}.cjs`, import.meta.url));

/** How long a process takes until it listens: in each run the bare one, then each variant. */
export async function measureStartUp(
  variants: readonly Variant[],
  runs: number,
  { surroundings, say }: Pick<Measuring, 'surroundings' | 'say'>,
): Promise<StartUpResults> {
  const reasons = new Map<Variant, string>();
  const pairs = new Map(variants.map((variant) => [variant, { wall: [] as Pair[], cpu: [] as Pair[] }]));
  for (let run = 1; run <= runs; run++) {
    say(`start-up, run ${run} of ${runs}`);
    const alone = await runOnce<StartUp>(program('start-up'), bare, {}, surroundings);
    for (const variant of variants) {
      const reason = whyNotOn(surroundings, variant);
      if (reason) reasons.set(variant, reason);
      if (reasons.has(variant)) continue;
      try {
        const name = variant.byHand ? 'start-up-by-hand' : 'start-up';
        const { wall, cpu } = await runOnce<StartUp>(program(name), variant, {}, surroundings);
        pairs.get(variant)!.wall.push([alone.wall, wall]);
        pairs.get(variant)!.cpu.push([alone.cpu, cpu]);
      } catch (error) {
        reasons.set(variant, (error as Error).message);
      }
    }
  }
  return {
    runs,
    variants: variants.map((variant) => {
      const reason = reasons.get(variant);
      const { name } = variant;
      if (reason !== undefined) return { name, reason };
      const { wall, cpu } = pairs.get(variant)!;
      return { name, wallMilliseconds: compare(wall), cpuMilliseconds: compare(cpu) };
    }),
  };
}
