import { quantile } from '../buckets.ts';
import { cursor } from '../cursor.ts';
import { el, setText } from '../dom.ts';
import { duration, withoutZeros } from '../format.ts';
import type { Frame } from '../frame.ts';
import { type History, requestsOf } from '../history.ts';
import { colour, heatColour } from './colours.ts';
import { type Plot, TimeCanvas } from './time-canvas.ts';
import { TraceMarks } from './trace-marks.ts';

const QUANTILES = { p50: 0.5, p95: 0.95, p99: 0.99 };

const GUTTER = 52;

/** Rows that are shown however fast all requests are. */
const LEAST_ROWS = 8;

/** How many requests took how long: a column for each reading, a row for each bucket, and a mark for each trace that is listed. */
export class HeatMap extends TimeCanvas {
  readonly figure: HTMLElement;
  readonly #values = new Map<string, Element>();
  readonly #marks = new TraceMarks();

  constructor() {
    super(GUTTER);
    const legend = el('dl', { class: 'legend' });
    for (const name of Object.keys(QUANTILES)) {
      const value = el('dd');
      this.#values.set(name, value);
      legend.append(el('div', {}, el('dt', {}, name), value));
    }
    this.element.classList.add('tall');
    const stage = el('div', { class: 'stage' }, this.element, this.#marks.element);
    this.figure = el('figure', {}, el('figcaption', {}, legend), stage);
  }

  override update(history: History): void {
    super.update(history);
    for (const [name, text] of this.#quantiles(cursor.time)) {
      const element = this.#values.get(name);
      if (element) setText(element, text);
    }
  }

  protected override describe(): string {
    const quantiles = this.#quantiles(undefined).map((pair) => pair.join(' '));
    return `Durations of requests as a heat map, in the last seconds: ${quantiles.join(', ')}. Arrow keys move through time.`;
  }

  /** At a time, or of the last seconds. */
  #quantiles(time: number | undefined): [string, string][] {
    const at = time === undefined ? undefined : this.history.at(time);
    const frames = time === undefined ? this.history.recent : at ? [at] : [];
    const { buckets } = requestsOf(frames);
    return Object.entries(QUANTILES).map(([name, q]) => {
      const value = quantile(q, buckets);
      return [name, value === undefined ? '–' : duration(value)];
    });
  }

  protected override draw(context: CanvasRenderingContext2D, plot: Plot): void {
    const { frames, latest, slowest } = this.history;
    const bounds = frames.findLast(({ requests }) => requests.buckets.bounds.length > 0)?.requests.buckets.bounds ?? [];
    const highest = Math.max(
      ...frames.map(({ requests }) => requests.buckets.counts.findLastIndex((count) => count > 0)),
    );
    const rows = Math.min(bounds.length, Math.max(LEAST_ROWS, highest + 2));
    const height = (plot.bottom - plot.top) / rows;
    const y = (bucket: number) => plot.bottom - (bucket + 1) * height;
    drawBounds(context, plot, bounds.slice(0, rows), y);
    const most = Math.max(
      ...frames.flatMap(({ requests, seconds }) => requests.buckets.counts.map((count) => count / seconds)),
    );
    for (const frame of frames) if (!frame.isAfterGap) this.#drawColumn(context, plot, frame, most, y, height);
    const marked = slowest.flatMap((trace) => {
      const x = this.x(trace.time);
      return x < plot.left ? [] : { trace, x, y: y(bounds.findIndex((bound) => trace.value <= bound)) + height / 2 };
    });
    this.#marks.update(marked, latest);
  }

  #drawColumn(
    context: CanvasRenderingContext2D,
    plot: Plot,
    { time, seconds, requests }: Frame,
    most: number,
    y: (bucket: number) => number,
    height: number,
  ): void {
    const left = Math.max(plot.left, this.x(time - seconds * 1000));
    const width = this.x(time) - left;
    for (const [bucket, count] of requests.buckets.counts.entries()) {
      if (count === 0) continue;
      // One request in a thousand is seen as well as the others.
      context.fillStyle = heatColour((count / seconds / most) ** 0.4);
      context.fillRect(left, y(bucket), Math.max(1, width > 4 ? width - 1 : width), height - 1);
    }
  }
}

function drawBounds(
  context: CanvasRenderingContext2D,
  plot: Plot,
  bounds: readonly number[],
  y: (bucket: number) => number,
): void {
  context.lineWidth = 1;
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  context.fillStyle = colour('muted');
  context.strokeStyle = colour('grid');
  for (const [index, bound] of bounds.entries()) {
    if (!Number.isFinite(bound)) continue;
    const height = Math.round(y(index)) + 0.5;
    context.beginPath();
    context.moveTo(plot.left, height);
    context.lineTo(plot.right, height);
    context.stroke();
    if (bounds.length < 12 || index % 2 === 0) context.fillText(withoutZeros(duration(bound)), plot.left - 8, height);
  }
}
