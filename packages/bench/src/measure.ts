import { setTimeout as delay } from 'node:timers/promises';
import { FIGURES, type Figures, type VariantResults, type WorkloadResults } from './results.ts';
import type { MemoryKinds, Surroundings } from './server.ts';
import { Side } from './side.ts';
import type { Sink } from './sink.ts';
import { compare, type Pair, quantile } from './statistics.ts';
import { bare, type Variant, whyNotOn } from './variants.ts';
import type { Backends, Workload } from './workloads.ts';

/** How thoroughly. */
export interface Effort {
  /** Each with fresh processes for every variant, and for the bare service beside each. */
  readonly rounds: number;
  /** Slices of load that the bare service and the variant get in turn in a round: each two are a pair. */
  readonly pairsPerRound: number;
  /**
   * Part of a workload's requests that a slice has, and the warm-up before the slices: enough of it that V8 has compiled what
   * is hot, as in a service that has run for some seconds. CPU per request of the bare service falls until its 25,000th.
   */
  readonly share: number;
  readonly warmUpShare: number;
  /**
   * Fresh processes that the memory is told by. More than rounds, for memory is bimodal: what V8 needs for compiling when traffic begins,
   * the allocator gives back to the system or keeps as it happens to lie, and that is up to 10 MB.
   */
  readonly memoryRuns: number;
}

export interface Measuring {
  readonly surroundings: Surroundings;
  readonly sink: Sink;
  readonly effort: Effort;
  /** Told what is being done. */
  readonly say: (what: string) => void;
}

type Pairs = Record<(typeof FIGURES)[number], Pair[]>;

const SEND_TIMEOUT_MS = 5_000;

/** Compares every variant with the bare service; one that cannot be measured has the reason in place of its figures. */
export async function measureWorkload(
  workload: Workload,
  variants: readonly Variant[],
  backends: Backends,
  measuring: Measuring,
): Promise<WorkloadResults> {
  const { surroundings, effort, say } = measuring;
  await workload.prepare?.(backends, surroundings);
  const reasons = new Map<Variant, string>();
  for (const variant of variants) {
    const reason =
      variant.byHand && !workload.hasByHand ? 'the code of the service would change' : whyNotOn(surroundings, variant);
    if (reason) reasons.set(variant, reason);
  }
  const pairs = new Map(variants.map((variant) => [variant, noPairs()]));
  for (let round = 1; round <= effort.rounds; round++) {
    for (const variant of variants) {
      if (reasons.has(variant)) continue;
      say(`${workload.name}: ${variant.name}, round ${round} of ${effort.rounds}`);
      await measureRound(workload, variant, backends, measuring, pairs.get(variant)!).catch((error: Error) =>
        reasons.set(variant, error.message),
      );
    }
  }
  for (let run = 1; run <= effort.memoryRuns; run++) {
    const residentMegabytes = async (of: Variant) => {
      say(`${workload.name}: memory of ${of.name}, run ${run} of ${effort.memoryRuns}`);
      return (await memoryUnderLoad(workload, of, backends, measuring)).resident / 2 ** 20;
    };
    const ofBare = await residentMegabytes(bare);
    for (const variant of variants) {
      if (reasons.has(variant)) continue;
      await residentMegabytes(variant).then(
        (megabytes) => pairs.get(variant)!.residentMegabytes.push([ofBare, megabytes]),
        (error: Error) => reasons.set(variant, error.message),
      );
    }
  }
  return {
    name: workload.name,
    title: workload.title,
    requestsPerSlice: requestsOf(workload, effort),
    pairs: effort.rounds * effort.pairsPerRound,
    memoryRuns: effort.memoryRuns,
    variants: variants.map((variant): VariantResults => {
      const reason = reasons.get(variant);
      const { name } = variant;
      return reason === undefined ? { name, figures: figuresOf(pairs.get(variant)!) } : { name, reason };
    }),
  };
}

async function measureRound(
  workload: Workload,
  variant: Variant,
  backends: Backends,
  { surroundings, sink, effort }: Measuring,
  pairs: Pairs,
): Promise<void> {
  const requests = requestsOf(workload, effort);
  const warmUp = Math.round(workload.requests * effort.warmUpShare);
  const sentBefore = sink.bytesReceived();
  const started: Side[] = [];
  const start = async (of: Variant) => {
    const life = { requests, beforeScrape: Math.ceil(warmUp / 10), afterScrape: warmUp };
    const side = await Side.start(workload, of, surroundings, backends, life);
    started.push(side);
    return side;
  };
  try {
    const bareSide = await start(bare);
    const variantSide = await start(variant);
    for (let pair = 0; pair < effort.pairsPerRound; pair++) {
      // Turn about, so that neither always has the place behind the other.
      const bareFirst = pair % 2 === 0;
      const first = await (bareFirst ? bareSide : variantSide).slice();
      const second = await (bareFirst ? variantSide : bareSide).slice();
      const [{ load: bareLoad, cpu: bareCpu }, { load, cpu }] = bareFirst ? [first, second] : [second, first];
      pairs.cpuMicroseconds.push([bareCpu / requests, cpu / requests]);
      pairs.requestsPerSecond.push([requests / bareLoad.seconds, requests / load.seconds]);
      pairs.p50Milliseconds.push([quantile(bareLoad.latencies, 0.5), quantile(load.latencies, 0.5)]);
      pairs.p99Milliseconds.push([quantile(bareLoad.latencies, 0.99), quantile(load.latencies, 0.99)]);
    }
    const bareHeap = await bareSide.heapSlice();
    const heap = await variantSide.heapSlice();
    pairs.allocatedBytes.push([bareHeap.allocated / requests, heap.allocated / requests]);
    pairs.collectingMicroseconds.push([bareHeap.collecting / requests, heap.collecting / requests]);
    if (variant.proof.includes('sink')) await proveSent(variant, variantSide, () => sink.bytesReceived() > sentBefore);
  } finally {
    await Promise.all(started.map((side) => side.stop()));
  }
}

/** The memory of a service under load, started anew. */
export async function memoryUnderLoad(
  workload: Workload,
  variant: Variant,
  backends: Backends,
  { surroundings, effort }: Pick<Measuring, 'surroundings' | 'effort'>,
): Promise<MemoryKinds> {
  const requests = requestsOf(workload, effort);
  const life = { requests, beforeScrape: requests, afterScrape: 4 * requests };
  const side = await Side.start(workload, variant, surroundings, backends, life);
  return side.memory().finally(() => side.stop());
}

/** A variant that sent nothing would look cheap. */
async function proveSent({ name }: Variant, side: Side, hasSent: () => boolean): Promise<void> {
  side.thaw();
  const deadline = Date.now() + SEND_TIMEOUT_MS;
  while (!hasSent()) {
    if (Date.now() > deadline) throw new Error(`${name} has sent nothing`);
    await delay(50);
  }
}

function requestsOf(workload: Workload, effort: Effort): number {
  return Math.round(workload.requests * effort.share);
}

function noPairs(): Pairs {
  return Object.fromEntries(FIGURES.map((figure) => [figure, []])) as unknown as Pairs;
}

function figuresOf(pairs: Pairs): Figures {
  return Object.fromEntries(FIGURES.map((figure) => [figure, compare(pairs[figure])])) as unknown as Figures;
}
