import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from '@payments/local-stack';
import { startBackends } from './backends.ts';
import { chart } from './chart.ts';
import { divideCores } from './cores.ts';
import { measureFuzzed } from './fuzzed.ts';
import { type Effort, type Measuring, measureWorkload } from './measure.ts';
import { measureMemory } from './memory.ts';
import { measureRecord, measureScrapes } from './micro.ts';
import { readOptions } from './options.ts';
import { installPeers, usualNode } from './peers.ts';
import { withReadmeTable } from './readme-table.ts';
import { machineLine, report } from './report.ts';
import { type Machine, merged, type Results } from './results.ts';
import { startSink } from './sink.ts';
import { measureStartUp } from './start-up.ts';
import { variants as allVariants } from './variants.ts';
import { workloads as allWorkloads, type Backends, shop } from './workloads.ts';

interface Plan {
  readonly effort: Effort;
  readonly startUpRuns: number;
  readonly recordTimes: number;
  readonly scrapes: ReadonlyArray<readonly [labelSets: number, times: number]>;
  readonly fuzzedPairs: number;
  readonly json: string;
  readonly svg: string;
  /** Whether the README tells these results. */
  readonly isForReadme: boolean;
}

const README = join(repositoryRoot, 'README.md');
const folder = fileURLToPath(new URL('../results', import.meta.url));

const FULL: Plan = {
  effort: { rounds: 5, pairsPerRound: 4, warmUpShare: 10, share: 1, memoryRuns: 11 },
  startUpRuns: 11,
  recordTimes: 31,
  scrapes: [
    [1_000, 11],
    [10_000, 5],
    [100_000, 1],
  ],
  fuzzedPairs: 11,
  json: join(folder, 'latest.json'),
  svg: join(repositoryRoot, 'docs', 'bench.svg'),
  isForReadme: true,
};

const QUICK: Plan = {
  effort: { rounds: 1, pairsPerRound: 3, warmUpShare: 0.4, share: 0.15, memoryRuns: 1 },
  startUpRuns: 2,
  recordTimes: 5,
  scrapes: [
    [1_000, 3],
    [10_000, 1],
  ],
  fuzzedPairs: 1,
  json: join(folder, 'quick.json'),
  svg: join(folder, 'quick.svg'),
  isForReadme: false,
};

/**
 * Measures what the command line names, everything unless it does, and shows it; what is measured again replaces what
 * results/latest.json, docs/bench.svg and the README had of it (results/quick.* with `--quick`).
 *
 * @throws Error when the command line is wrong or something that all need does not start
 */
export async function runBench(args: readonly string[]): Promise<void> {
  const sections = [...allWorkloads.map(({ name }) => name), 'memory', 'start-up', 'record', 'scrape', 'fuzzed'];
  const options = readOptions(args, { sections, variants: allVariants.map(({ name }) => name) });
  const plan = options.quick ? QUICK : FULL;
  const wants = (section: string) => options.sections.includes(section);
  const variants = allVariants.filter(({ name }) => options.variants.includes(name));
  // The peers that only trace, and the samplers between all and nothing, would take a quick run far beyond its two minutes.
  const representative = options.quick && variants.length === allVariants.length;
  const loaded = representative ? variants.filter(({ isRepresentative }) => isRepresentative) : variants;
  const workloads = allWorkloads.filter(({ name }) => wants(name));
  // Only where it is named: it explains the memory of the results, and is none of them.
  const wantsMemory = wants('memory') && options.sections.length < sections.length;

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => process.exit(128 + constants.signals[signal]));
  }
  const say = progress();
  installPeers(say);
  const node = options.node ?? usualNode();
  const nodeVersion = execFileSync(node, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim();
  const { serverPrefix, description } = divideCores();
  const sink = await startSink();
  const measuring: Measuring = {
    surroundings: { node, nodeVersion, serverPrefix, sinkUrl: sink.url },
    ...{ sink, effort: plan.effort, say },
  };
  const machine: Machine = {
    node: nodeVersion,
    processor: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
    cores: description,
    date: new Date().toISOString().slice(0, 10),
  };
  /** At once, so that a run that is broken off leaves what it has measured. */
  const tell = (part: Partial<Results>) => {
    say('');
    const results: Results = { machine, workloads: [], ...part };
    write(plan, results);
    console.log(`\n${report(results)}`);
  };
  console.log(machineLine(machine));
  await withBackends(workloads.length > 0 || wantsMemory, async (backends) => {
    for (const workload of workloads) {
      tell({ workloads: [await measureWorkload(workload, loaded, backends, measuring)] });
    }
    if (wantsMemory) console.log(`\n${await measureMemory(shop, loaded, backends, measuring)}`);
  });
  if (wants('start-up')) tell({ startUp: await measureStartUp(variants, plan.startUpRuns, measuring) });
  if (wants('record')) tell({ record: await measureRecord(plan.recordTimes, measuring) });
  if (wants('scrape')) tell({ scrape: await measureScrapes(plan.scrapes, measuring) });
  if (wants('fuzzed')) tell({ fuzzed: await measureFuzzed(plan.fuzzedPairs, measuring) });
  await sink.stop();
}

async function withBackends(isNeeded: boolean, work: (backends: Backends) => Promise<void>): Promise<void> {
  if (!isNeeded) return;
  const backends = await startBackends();
  await work(backends).finally(() => backends.stop());
}

function write({ json, svg, isForReadme }: Plan, results: Results): void {
  mkdirSync(dirname(json), { recursive: true });
  const older = existsSync(json) ? (JSON.parse(readFileSync(json, 'utf8')) as Results) : undefined;
  const all = merged(older, results);
  writeFileSync(json, `${JSON.stringify(all, null, 2)}\n`);
  const { node, processor } = all.machine;
  const footnote = `CPU per request beside the bare service, median of pairs; line: their middle half. Node.js ${node}, ${processor}`;
  writeFileSync(svg, chart(all.workloads, footnote));
  if (isForReadme) writeFileSync(README, withReadmeTable(readFileSync(README, 'utf8'), all));
}

/** One line on a terminal that changes, a line for each thing elsewhere. */
function progress(): (what: string) => void {
  const { stderr } = process;
  return (what) => stderr.write(stderr.isTTY ? `\r\x1b[K${what}` : what && `${what}\n`);
}
