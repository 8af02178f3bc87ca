import { FIGURES, type Figures, type WorkloadResults } from '../src/results.ts';
import { compare, type Pair } from '../src/statistics.ts';

/** Results of one workload in which every figure of a variant is `ratio` times that of the bare service. */
export function workloadWith(name: string, ratios: Readonly<Record<string, number | string>>): WorkloadResults {
  const figures = (ratio: number) => {
    const pairs: Pair[] = [0.9, 1, 1.2].map((noise) => [100, 100 * ratio * noise]);
    return Object.fromEntries(FIGURES.map((figure) => [figure, compare(pairs)])) as unknown as Figures;
  };
  return {
    name,
    title: `title of ${name}`,
    requestsPerSlice: 10,
    memoryRuns: 3,
    pairs: 3,
    variants: Object.entries(ratios).map(([variant, ratio]) =>
      typeof ratio === 'number' ? { name: variant, figures: figures(ratio) } : { name: variant, reason: ratio },
    ),
  };
}
