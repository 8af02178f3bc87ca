import type {
  FuzzedResults,
  Machine,
  RecordResult,
  Results,
  ScrapeResult,
  StartUpResults,
  WorkloadResults,
} from './results.ts';
import { number, signed, table, times } from './table.ts';
import { CPU_TARGETS, START_UP_TARGETS } from './targets.ts';

export function machineLine({ node, processor, cores }: Machine): string {
  return `Node.js ${node}, ${processor}; ${cores}`;
}

/** What was measured, as text. */
export function report({ workloads, startUp, record, scrape, fuzzed }: Results): string {
  const parts = workloads.map(workloadReport);
  if (startUp) parts.push(startUpReport(startUp));
  if (record) parts.push(recordReport(record));
  if (scrape) parts.push(scrapeReport(scrape));
  if (fuzzed) parts.push(fuzzedReport(fuzzed));
  return parts.join('\n\n');
}

export function workloadReport({
  name,
  title,
  requestsPerSlice,
  pairs,
  memoryRuns,
  variants,
}: WorkloadResults): string {
  const measured = variants.flatMap(({ figures }) => figures ?? []);
  const middle = (figure: keyof (typeof measured)[number]) =>
    measured.map((figures) => figures[figure].bare).sort((a, b) => a - b)[Math.floor(measured.length / 2)] ??
    Number.NaN;
  const bareRow = [
    'bare',
    `${number(middle('cpuMicroseconds'))} µs`,
    ...['', ''],
    `${number(middle('requestsPerSecond'))}/s`,
    `${number(middle('p50Milliseconds'))} ms`,
    `${number(middle('p99Milliseconds'))} ms`,
    `${number(middle('residentMegabytes'))} MB`,
    `${number(middle('allocatedBytes'))} B`,
    `${number(middle('collectingMicroseconds'))} µs`,
  ];
  const rows = variants.map(({ name: variant, figures, reason }) => {
    if (figures === undefined) return [variant, `– ${firstLine(reason)}`];
    const { median, lowerQuartile, upperQuartile } = figures.cpuMicroseconds.ratio;
    const target = CPU_TARGETS[name]?.[variant];
    return [
      variant,
      times(median),
      `${lowerQuartile.toFixed(2)}–${upperQuartile.toFixed(2)}`,
      target === undefined ? '' : `≤ ${times(target)}`,
      times(figures.requestsPerSecond.ratio.median),
      times(figures.p50Milliseconds.ratio.median),
      times(figures.p99Milliseconds.ratio.median),
      `${signed(figures.residentMegabytes.difference.median)} MB`,
      `${signed(figures.allocatedBytes.difference.median)} B`,
      `${signed(figures.collectingMicroseconds.difference.median)} µs`,
    ];
  });
  const headings = [
    '',
    'CPU/request',
    'middle half',
    'target',
    'throughput',
    'p50',
    'p99',
    'memory',
    'heap/request',
    'GC/request',
  ];
  return `${title}\n${pairs} pairs of ${number(requestsPerSlice)} requests, memory by ${memoryRuns} processes each; × and + are beside the bare service\n${table(headings, [bareRow, ...rows])}`;
}

export function startUpReport({ runs, variants }: StartUpResults): string {
  const rows = variants.map((result) => {
    if ('reason' in result) return [result.name, `– ${firstLine(result.reason)}`];
    const { name, wallMilliseconds: wall, cpuMilliseconds: cpu } = result;
    const { median, lowerQuartile, upperQuartile } = wall.difference;
    const target = START_UP_TARGETS[name];
    return [
      name,
      `${signed(median)} ms`,
      `${signed(lowerQuartile)} to ${signed(upperQuartile)}`,
      target === undefined ? '' : `≤ ${target} ms`,
      `${signed(cpu.difference.median)} ms`,
    ];
  });
  return `Start-up: until a node:http server listens, ${runs} runs\n${table(['', 'added', 'middle half', 'target', 'added CPU'], rows)}`;
}

export function recordReport(results: readonly RecordResult[]): string {
  const rows = results.map(({ name, nanoseconds: { median, lowerQuartile, upperQuartile }, allocatedBytes }) => [
    name,
    `${number(median)} ns`,
    `${number(lowerQuartile)}–${number(upperQuartile)}`,
    `${Math.round(allocatedBytes)} B`,
  ]);
  return `One observation\n${table(['', 'time', 'middle half', 'heap'], rows)}`;
}

export function scrapeReport(results: readonly ScrapeResult[]): string {
  const rows = results.map(({ name, labelSets, milliseconds, longestBlockMilliseconds, megabytes, reason }) => {
    const row = `${name}, ${labelSets.toLocaleString('en-US')} label sets`;
    if (!milliseconds || !longestBlockMilliseconds) return [row, `– ${firstLine(reason)}`];
    return [
      row,
      `${number(milliseconds.median)} ms`,
      `${number(milliseconds.lowerQuartile)}–${number(milliseconds.upperQuartile)}`,
      `${number(longestBlockMilliseconds.median)} ms`,
      `${number(megabytes ?? Number.NaN)} MB`,
    ];
  });
  return `One scrape of a histogram with 14 buckets, 17 lines a label set\n${table(['', 'time', 'middle half', 'longest block', 'page'], rows)}`;
}

export function fuzzedReport({ requestsPerSecond, malformedPerSecond, pairs, ...latencies }: FuzzedResults): string {
  const rows = Object.entries({ p50: latencies.p50Milliseconds, p99: latencies.p99Milliseconds }).map(
    ([name, { bare, variant, difference }]) => [
      name,
      `${number(bare)} ms`,
      `${number(variant)} ms`,
      `${signed(difference.median)} ms`,
      `${signed(difference.lowerQuartile)} to ${signed(difference.upperQuartile)}`,
    ],
  );
  return `A service at ${requestsPerSecond} requests a second, alone and with ${malformedPerSecond} malformed ones a second and slow clients at the port of its metrics, ${pairs} pairs\n${table(['', 'alone', 'fuzzed', 'difference', 'middle half'], rows)}`;
}

function firstLine(reason = ''): string {
  return reason.split('\n').find((line) => /Error|out of memory|needs|would/.test(line)) ?? reason.split('\n')[0] ?? '';
}
