import type { Results, VariantResults } from './results.ts';
import type { Spread } from './statistics.ts';
import { number, signed, times } from './table.ts';
import { CPU_TARGETS, MEMORY_TARGET, RECORD_TARGET, SCRAPE_TARGET, START_UP_TARGETS } from './targets.ts';

/** Each column beside the agent's own, by what it is called in the results. */
const COLUMNS = ['ours', 'prom-client', 'opentelemetry'] as const;
type Column = (typeof COLUMNS)[number];

const HEADINGS = ['', 'this agent', 'held to', 'prom-client, by hand', 'stock OpenTelemetry'];

/** Label sets of the page whose cost is told. */
const PAGE = 10_000;

/** The results in one table of Markdown; a row without a figure of the agent's is left out. */
export function readmeTable(results: Results): string {
  const rows = [
    ...cpuRows(results, 'hello', 'CPU per request, `node:http` hello world'),
    ...cpuRows(results, 'express', 'CPU per request, Express + ioredis + pg'),
    ...cpuRows(results, 'gateway', 'CPU per request, gateway → payments'),
    memoryRow(results),
    ...startUpRows(results),
    recordRow(results),
    ...scrapeRows(results),
  ].filter(([, ours]) => ours !== '');
  return [HEADINGS, HEADINGS.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The README with the table of the results between its two markers. */
export function withReadmeTable(readme: string, results: Results): string {
  return readme.replace(
    /(<!-- cost: .* -->\n)[\s\S]*?(<!-- end of cost -->)/,
    (_, begin: string, end: string) => `${begin}${readmeTable(results)}\n${end}`,
  );
}

function cpuRows(results: Results, workload: string, what: string): string[][] {
  const ratio = (variant: string) => {
    const spread = figuresOf(results, workload, variant)?.cpuMicroseconds.ratio;
    return spread
      ? `${times(spread.median)} (${spread.lowerQuartile.toFixed(2)}–${spread.upperQuartile.toFixed(2)})`
      : '';
  };
  const row = (detail: string, suffix: string) => {
    const target = CPU_TARGETS[workload]?.[`ours-${suffix}`];
    return [
      `${what}, ${detail}`,
      ratio(`ours-${suffix}`),
      target === undefined ? '' : `≤ ${times(target)}`,
      suffix === 'metrics' ? ratio('prom-client') : '',
      ratio(`opentelemetry-${suffix}`),
    ];
  };
  return [row('metrics', 'metrics'), row('1 % traced', 'traced-1%'), row('all traced', 'traced-100%')];
}

function memoryRow(results: Results): string[] {
  const added = (variant: string) => {
    const figures = figuresOf(results, 'express', variant);
    return figures ? `${signed(figures.residentMegabytes.difference.median)} MB` : '';
  };
  const [ours = '', ...peers] = ['ours-metrics', 'prom-client', 'opentelemetry-metrics'].map(added);
  return ['memory under load, metrics', ours, `≤ ${MEMORY_TARGET} MB`, ...peers];
}

function startUpRows({ startUp }: Results): string[][] {
  const added = (name: string) => {
    const variant = startUp?.variants.find((one) => one.name === name);
    return variant && 'wallMilliseconds' in variant ? `${signed(variant.wallMilliseconds.difference.median)} ms` : '';
  };
  const held = (name: string) => `≤ ${START_UP_TARGETS[name]} ms`;
  return [
    [
      'start-up, metrics',
      added('ours-metrics'),
      held('ours-metrics'),
      added('prom-client'),
      added('opentelemetry-metrics'),
    ],
    ['start-up, switched off', added('ours-disabled'), held('ours-disabled'), '', ''],
  ];
}

function recordRow({ record }: Results): string[] {
  const time = (beginning: string) => {
    const found = record?.find(({ name }) => name.startsWith(beginning));
    return found ? `${number(found.nanoseconds.median)} ns` : '';
  };
  return [
    'one observation of a histogram with 5 labels',
    time('ours: histogram.record'),
    `≤ ${RECORD_TARGET} ns`,
    time('prom-client: observe with'),
    time('OpenTelemetry SDK: record'),
  ];
}

function scrapeRows({ scrape }: Results): string[][] {
  const of = (figure: 'milliseconds' | 'longestBlockMilliseconds') =>
    COLUMNS.map((name: Column) => {
      const spread: Spread | undefined = scrape?.find((one) => one.name === name && one.labelSets === PAGE)?.[figure];
      return spread ? `${number(spread.median)} ms` : '';
    });
  const row = (what: string, [ours = '', ...peers]: string[], target: number) => [
    what,
    ours,
    `≤ ${target} ms`,
    ...peers,
  ];
  return [
    row('scrape of 10,000 label sets × 17 lines', of('milliseconds'), SCRAPE_TARGET.total),
    row('its longest block of the event loop', of('longestBlockMilliseconds'), SCRAPE_TARGET.block),
  ];
}

function figuresOf({ workloads }: Results, workload: string, variant: string): VariantResults['figures'] {
  return workloads.find(({ name }) => name === workload)?.variants.find(({ name }) => name === variant)?.figures;
}
