import type { Compared, Spread } from './statistics.ts';

/** What a run leaves behind, as JSON. */
export interface Results {
  readonly machine: Machine;
  readonly workloads: readonly WorkloadResults[];
  readonly startUp?: StartUpResults;
  readonly record?: readonly RecordResult[];
  readonly scrape?: readonly ScrapeResult[];
}

export interface Machine {
  readonly node: string;
  readonly processor: string;
  readonly cores: string;
  readonly date: string;
}

export interface WorkloadResults {
  readonly name: string;
  readonly title: string;
  readonly requestsPerSlice: number;
  readonly pairs: number;
  readonly variants: readonly VariantResults[];
}

/** `reason` says why there are no figures. */
export type VariantResults = { readonly name: string } & (
  | { readonly figures: Figures; readonly reason?: undefined }
  | { readonly reason: string; readonly figures?: undefined }
);

export const FIGURES = [
  'cpuMicroseconds',
  'requestsPerSecond',
  'p50Milliseconds',
  'p99Milliseconds',
  'residentMegabytes',
  'allocatedBytes',
  'collectingMicroseconds',
] as const;

/** CPU, allocation and garbage collection are per request; memory is that of all processes of the service. */
export type Figures = Readonly<Record<(typeof FIGURES)[number], Compared>>;

export interface StartUpResults {
  readonly runs: number;
  readonly variants: ReadonlyArray<
    { readonly name: string } & (
      | { readonly wallMilliseconds: Compared; readonly cpuMilliseconds: Compared; readonly reason?: undefined }
      | { readonly reason: string }
    )
  >;
}

export interface RecordResult {
  readonly name: string;
  readonly nanoseconds: Spread;
  readonly allocatedBytes: number;
}

export interface ScrapeResult {
  readonly name: string;
  readonly labelSets: number;
  /** Why there are no figures. */
  readonly reason?: string;
  readonly milliseconds?: Spread;
  /** The longest time in which the event loop did nothing else. */
  readonly longestBlockMilliseconds?: Spread;
  readonly megabytes?: number;
}

/** The newer results, and of the older ones what was not measured again. */
export function merged(older: Results | undefined, newer: Results): Results {
  if (older === undefined) return newer;
  const byName = new Map(older.workloads.map((workload) => [workload.name, workload]));
  for (const workload of newer.workloads) {
    const before = byName.get(workload.name);
    byName.set(
      workload.name,
      before === undefined ? workload : { ...workload, variants: mergedVariants(before, workload) },
    );
  }
  return { ...older, ...newer, workloads: [...byName.values()] };
}

function mergedVariants(older: WorkloadResults, newer: WorkloadResults): VariantResults[] {
  const again = new Map(newer.variants.map((variant) => [variant.name, variant]));
  const kept = older.variants.map((variant) => again.get(variant.name) ?? variant);
  return [...kept, ...newer.variants.filter(({ name }) => !kept.some((variant) => variant.name === name))];
}
