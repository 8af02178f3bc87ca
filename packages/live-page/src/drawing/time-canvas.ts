import { cursor } from '../cursor.ts';
import { el } from '../dom.ts';
import { clock } from '../format.ts';
import type { Frame } from '../frame.ts';
import { History } from '../history.ts';
import { colour } from './colours.ts';

/** What is drawn in, in CSS pixels. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

const FONT = '11px system-ui, sans-serif';

/** A canvas over the last minutes. The time under the pointer, or that the arrow keys have moved to, is marked in all of them. */
export abstract class TimeCanvas {
  readonly element: HTMLCanvasElement;
  protected history = new History();
  readonly #gutter: number;

  /** @param gutter pixels at the left, for what the vertical axis says */
  constructor(gutter: number) {
    this.#gutter = gutter;
    this.element = el('canvas', { role: 'img', tabindex: '0' });
    this.element.addEventListener('pointermove', ({ offsetX }) => cursor.move(this.#timeAt(offsetX)));
    this.element.addEventListener('pointerleave', () => cursor.move(undefined));
    this.element.addEventListener('blur', () => cursor.move(undefined));
    this.element.addEventListener('keydown', (event) => this.#onKey(event));
    new ResizeObserver(() => this.redraw()).observe(this.element);
  }

  update(history: History): void {
    this.history = history;
    this.element.setAttribute('aria-label', this.describe());
    this.redraw();
  }

  /** What it shows, in words. */
  protected abstract describe(): string;

  protected abstract draw(context: CanvasRenderingContext2D, plot: Plot): void;

  protected redraw(): void {
    const { clientWidth: width, clientHeight: height } = this.element;
    const context = this.element.getContext('2d');
    if (context === null || width === 0) return;
    const scale = devicePixelRatio;
    this.element.width = Math.round(width * scale);
    this.element.height = Math.round(height * scale);
    context.scale(scale, scale);
    context.font = FONT;
    const plot = this.#plot();
    this.draw(context, plot);
    this.#drawTimes(context, plot);
    this.#drawRestarts(context, plot);
    this.#drawCursor(context, plot);
  }

  protected x(time: number): number {
    const { left, right } = this.#plot();
    const { end, span } = this.history;
    return right - ((end - time) / (span * 1000)) * (right - left);
  }

  #plot(): Plot {
    const { clientWidth, clientHeight } = this.element;
    return { left: this.#gutter, right: clientWidth - 1, top: 8, bottom: clientHeight - 18 };
  }

  #timeAt(x: number): number | undefined {
    const { left, right } = this.#plot();
    const { end, span } = this.history;
    return x < left ? undefined : end - ((right - x) / (right - left)) * span * 1000;
  }

  #onKey(event: KeyboardEvent): void {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (event.key === 'Escape') cursor.move(undefined);
    if (step === undefined) return;
    event.preventDefault();
    const { frames } = this.history;
    const here = this.history.at(cursor.time);
    const index = here ? frames.indexOf(here) : frames.length - 1;
    const next: Frame | undefined = frames[Math.max(0, Math.min(frames.length - 1, index + step))];
    if (next) cursor.move(next.time - next.seconds * 500);
  }

  #drawTimes(context: CanvasRenderingContext2D, { left, right, bottom }: Plot): void {
    const { end, span } = this.history;
    const step = (span <= 60 ? 15 : span <= 120 ? 30 : 60) * 1000;
    context.fillStyle = colour('muted');
    context.textBaseline = 'top';
    context.textAlign = 'center';
    for (let time = Math.floor(end / step) * step; time > end - span * 1000; time -= step) {
      const x = this.x(time);
      if (x < left + 24 || x > right - 24) continue;
      context.fillText(step < 60_000 ? clock(time) : clock(time).slice(0, 5), x, bottom + 5);
    }
  }

  #drawRestarts(context: CanvasRenderingContext2D, { top, bottom }: Plot): void {
    context.strokeStyle = colour('aborted');
    context.setLineDash([3, 3]);
    for (const frame of this.history.frames) if (frame.isRestart) line(context, this.x(frame.time), top, bottom);
    context.setLineDash([]);
  }

  #drawCursor(context: CanvasRenderingContext2D, { left, right, top, bottom }: Plot): void {
    if (cursor.time === undefined) return;
    const x = this.x(cursor.time);
    if (x < left) return;
    context.strokeStyle = colour('muted');
    line(context, x, top, bottom);
    const text = clock(cursor.time);
    const half = context.measureText(text).width / 2 + 5;
    const middle = Math.max(left + half, Math.min(right - half, x));
    context.fillStyle = colour('text');
    context.fillRect(middle - half, bottom + 2, half * 2, 16);
    context.fillStyle = colour('panel');
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillText(text, middle, bottom + 10.5);
  }
}

function line(context: CanvasRenderingContext2D, x: number, top: number, bottom: number): void {
  context.lineWidth = 1;
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, top);
  context.lineTo(Math.round(x) + 0.5, bottom);
  context.stroke();
}
