import type { Compared, Spread } from './statistics.ts';

/** What a run leaves behind, as JSON. */
export interface Results {
  readonly machine: Machine;
  readonly workloads: readonly WorkloadResults[];
  readonly startUp?: StartUpResults;
  readonly record?: readonly RecordResult[];
  readonly scrape?: readonly ScrapeResult[];
  readonly fuzzed?: FuzzedResults;
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
  /** Processes of each variant that the memory is told by. */
  readonly memoryRuns: number;
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

/** Latencies of a service, alone (`bare`) and while its metrics' port is fuzzed (`variant`). */
export interface FuzzedResults {
  readonly requestsPerSecond: number;
  readonly malformedPerSecond: number;
  readonly pairs: number;
  readonly p50Milliseconds: Compared;
  readonly p99Milliseconds: Compared;
}

/** The newer results, and of the older ones what was not measured again. */
export function merged(older: Results | undefined, newer: Results): Results {
  if (older === undefined) return newer;
  const workloads = mergedByName(older.workloads, newer.workloads, (before, after) => ({
    ...after,
    variants: mergedByName(before.variants, after.variants),
  }));
  const startUp = older.startUp &&
    newer.startUp && {
      ...newer.startUp,
      variants: mergedByName(older.startUp.variants, newer.startUp.variants),
    };
  return { ...older, ...newer, workloads, ...(startUp && { startUp }) };
}

function mergedByName<T extends { readonly name: string }>(
  older: readonly T[],
  newer: readonly T[],
  merge: (before: T, after: T) => T = (_, after) => after,
): T[] {
  const again = new Map(newer.map((item) => [item.name, item]));
  const kept = older.map((before) => {
    const after = again.get(before.name);
    again.delete(before.name);
    return after === undefined ? before : merge(before, after);
  });
  return [...kept, ...again.values()];
}
