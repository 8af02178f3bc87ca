import type { VariantResults, WorkloadResults } from './results.ts';

const WIDTH = 920;
const LABELS = 230;
const SCALE_END = WIDTH - 110;
const BAR = 16;
const ROW = 24;
const TITLE = 46;
const MARGIN = 20;

/**
 * Bars of the CPU per request beside the bare service, with a line over the middle half of the pairs: an SVG for light and
 * dark pages.
 */
export function chart(workloads: readonly WorkloadResults[], footnote: string): string {
  const most = Math.max(
    2,
    ...workloads.flatMap(({ variants }) => variants.map((variant) => ratioOf(variant)?.upperQuartile ?? 1)),
  );
  const x = (ratio: number) => round(LABELS + (ratio / most) * (SCALE_END - LABELS));
  const parts: string[] = [];
  let y = MARGIN;
  for (const { title, variants } of workloads) {
    const top = y + TITLE - 8;
    const measured = variants.filter((variant) => variant.figures !== undefined);
    parts.push(`<text class="text" x="${MARGIN}" y="${y + 24}" font-weight="600">${escaped(title)}</text>`);
    y += TITLE;
    for (const variant of measured) parts.push(bar(variant, x, y + ROW * measured.indexOf(variant)));
    y += ROW * measured.length;
    parts.push(`<path class="bare" d="M${x(1)} ${top} V${y}"/>`);
  }
  const height = y + 44;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="ui-sans-serif, system-ui, sans-serif" font-size="14">
  <title>CPU per request beside the bare service: the agent and its peers</title>
  <style>
    .text { fill: #1f2328; }
    .dim { fill: #59636e; font-size: 12px; }
    .ours { fill: #0969da; }
    .peer { fill: #afb8c1; }
    .bare { stroke: #59636e; stroke-dasharray: 3 3; }
    .spread { stroke: #1f2328; stroke-width: 1.5; }
    @media (prefers-color-scheme: dark) {
      .text { fill: #f0f6fc; }
      .dim { fill: #9198a1; }
      .ours { fill: #4493f8; }
      .peer { fill: #656c76; }
      .bare { stroke: #9198a1; }
      .spread { stroke: #f0f6fc; }
    }
  </style>
  ${parts.join('\n  ')}
  <text class="dim" x="${MARGIN}" y="${y + 28}">${escaped(footnote)}</text>
</svg>
`;
}

function bar(variant: VariantResults, x: (ratio: number) => number, y: number): string {
  const { median, lowerQuartile, upperQuartile } = ratioOf(variant)!;
  const middle = y + BAR / 2;
  return [
    `<text class="text" x="${LABELS - 10}" y="${middle + 5}" text-anchor="end">${escaped(variant.name)}</text>`,
    `<rect class="${variant.name.startsWith('ours') ? 'ours' : 'peer'}" x="${LABELS}" y="${y}" width="${round(x(median) - LABELS)}" height="${BAR}" rx="2"/>`,
    `<path class="spread" d="M${x(lowerQuartile)} ${middle} H${x(upperQuartile)}"/>`,
    `<text class="text" x="${WIDTH - MARGIN}" y="${middle + 5}" text-anchor="end">${median.toFixed(2)}×</text>`,
  ].join('\n  ');
}

function ratioOf({ figures }: VariantResults) {
  return figures?.cpuMicroseconds.ratio;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escaped(text: string): string {
  return text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);
}
