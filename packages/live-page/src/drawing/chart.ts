import { cursor } from '../cursor.ts';
import { el, setText } from '../dom.ts';
import { withoutZeros } from '../format.ts';
import type { Frame } from '../frame.ts';
import type { History } from '../history.ts';
import { type Colour, colour } from './colours.ts';
import { type Plot, TimeCanvas } from './time-canvas.ts';

export interface Line {
  readonly name: string;
  readonly colour: Colour;
  readonly value: (frame: Frame) => number | undefined;
}

export interface ChartOptions {
  /** What it shows, for who does not see it. */
  readonly title: string;
  readonly lines: readonly Line[];
  readonly format: (value: number) => string;
  /** Whether the values are drawn on top of each other, as bars. */
  readonly isStacked?: boolean;
  /** What the vertical axis has at least. */
  readonly least: number;
}

const GUTTER = 52;

/** Values over the last minutes, with a legend that says them as text: now, or at the time that is pointed at. */
export class Chart extends TimeCanvas {
  readonly figure: HTMLElement;
  readonly #options: ChartOptions;
  readonly #values: Element[] = [];

  constructor(options: ChartOptions) {
    super(GUTTER);
    this.#options = options;
    const legend = el('dl', { class: 'legend' });
    for (const { name, colour } of options.lines) {
      const value = el('dd');
      this.#values.push(value);
      legend.append(el('div', { 'data-colour': colour }, el('dt', {}, name), value));
    }
    this.figure = el('figure', {}, el('figcaption', {}, legend), this.element);
  }

  override update(history: History): void {
    super.update(history);
    const frame = history.at(cursor.time);
    for (const [index, { value }] of this.#options.lines.entries()) {
      const element = this.#values[index];
      const here = frame && value(frame);
      if (element) setText(element, here === undefined ? '–' : this.#options.format(here));
    }
  }

  /** Whether the process has what it shows. */
  hasValues({ frames }: History): boolean {
    return frames.some((frame) => this.#options.lines.some(({ value }) => value(frame) !== undefined));
  }

  protected override describe(): string {
    const { title, lines, format } = this.#options;
    const last = this.history.frames.at(-1);
    const values = lines.map(({ name, value }) => {
      const now = last && value(last);
      return `${name} ${now === undefined ? 'unknown' : format(now)}`;
    });
    return `${title}, now: ${values.join(', ')}. Arrow keys move through time.`;
  }

  protected override draw(context: CanvasRenderingContext2D, plot: Plot): void {
    const top = niceCeiling(Math.max(this.#options.least, this.#highest()));
    const y = (value: number) => plot.bottom - (value / top) * (plot.bottom - plot.top);
    this.#drawGrid(context, plot, top, y);
    if (this.#options.isStacked) this.#drawBars(context, plot, y);
    else for (const line of this.#options.lines) this.#drawLine(context, line, y);
  }

  #highest(): number {
    const { lines, isStacked } = this.#options;
    const heights = this.history.frames.map((frame) => {
      const values = lines.map(({ value }) => value(frame) ?? 0);
      return isStacked ? values.reduce((a, b) => a + b, 0) : Math.max(...values);
    });
    return Math.max(0, ...heights);
  }

  #drawGrid(context: CanvasRenderingContext2D, plot: Plot, top: number, y: (value: number) => number): void {
    context.lineWidth = 1;
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const value of [0, top / 2, top]) {
      const height = Math.round(y(value)) + 0.5;
      context.strokeStyle = colour('grid');
      context.beginPath();
      context.moveTo(plot.left, height);
      context.lineTo(plot.right, height);
      context.stroke();
      context.fillStyle = colour('muted');
      context.fillText(withoutZeros(this.#options.format(value)), plot.left - 8, height);
    }
  }

  #drawBars(context: CanvasRenderingContext2D, plot: Plot, y: (value: number) => number): void {
    for (const frame of this.history.frames) {
      if (frame.isAfterGap) continue;
      const left = Math.max(plot.left, this.x(frame.time - frame.seconds * 1000));
      const width = this.x(frame.time) - left;
      let sum = 0;
      for (const { value, colour: name } of this.#options.lines) {
        const here = value(frame) ?? 0;
        if (here === 0) continue;
        context.fillStyle = colour(name);
        context.fillRect(left, y(sum + here), Math.max(1, width > 4 ? width - 1 : width), y(sum) - y(sum + here));
        sum += here;
      }
    }
  }

  #drawLine(context: CanvasRenderingContext2D, { value, colour: name }: Line, y: (value: number) => number): void {
    context.strokeStyle = colour(name);
    context.lineWidth = 1.5;
    context.lineJoin = 'round';
    context.beginPath();
    let isDrawn = false;
    for (const frame of this.history.frames) {
      const here = value(frame);
      if (here !== undefined && isDrawn && !frame.isAfterGap) context.lineTo(this.x(frame.time), y(here));
      else if (here !== undefined) context.moveTo(this.x(frame.time), y(here));
      isDrawn = here !== undefined;
    }
    context.stroke();
  }
}

/** The next number from which on a scale looks tidy: half of it is a short number too. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10].find((factor) => factor * power >= value * 0.999) ?? 10;
  return step * power;
}
