import { quantile } from '../buckets.ts';
import { el, setText } from '../dom.ts';
import type { Colour } from '../drawing/colours.ts';
import { drawSparkline } from '../drawing/sparkline.ts';
import { bytes, decimal, duration, integer, percent } from '../format.ts';
import type { Frame } from '../frame.ts';
import { type History, RECENT, rate, requestsOf } from '../history.ts';
import type { Panel } from './panel.ts';

interface Tile {
  readonly title: string;
  readonly unit?: string;
  readonly colour?: Colour;
  /** Of the frames of the last seconds. */
  readonly text: (recent: readonly Frame[], last: Frame) => string | undefined;
  /** What its line is drawn from. */
  readonly value: (frame: Frame) => number | undefined;
  readonly isBad?: (recent: readonly Frame[]) => boolean;
}

const sum = (frames: readonly Frame[], value: (frame: Frame) => number) =>
  frames.reduce((total, frame) => total + value(frame), 0);

const shown = (value: number | undefined, format: (value: number) => string) =>
  value === undefined ? undefined : format(value);

const quantileOf = (q: number, frames: readonly Frame[]) => quantile(q, requestsOf(frames).buckets);

const quantileTile = (name: string, q: number): Tile => ({
  title: name,
  colour: 'blue',
  text: (recent) => shown(quantileOf(q, recent), duration),
  value: (frame) => quantileOf(q, [frame]),
});

const TILES: readonly Tile[] = [
  {
    title: 'Requests',
    unit: 'per s',
    text: (recent) => decimal(requestsOf(recent).rate),
    value: (frame) => requestsOf([frame]).rate,
  },
  {
    title: 'Errors',
    colour: 'failed',
    text: (recent) => shown(requestsOf(recent).errorShare, percent),
    value: (frame) => requestsOf([frame]).errorShare ?? 0,
    isBad: (recent) => (requestsOf(recent).errorShare ?? 0) > 0,
  },
  quantileTile('p50', 0.5),
  quantileTile('p95', 0.95),
  {
    title: 'In flight',
    colour: 'violet',
    text: (_, { gauges }) => shown(gauges.activeRequests, integer),
    value: ({ gauges }) => gauges.activeRequests,
  },
  {
    title: 'Event loop',
    unit: 'busy',
    colour: 'moved',
    text: (_, { gauges }) => shown(gauges.utilization, percent),
    value: ({ gauges }) => gauges.utilization,
    isBad: (recent) => (recent.at(-1)?.gauges.utilization ?? 0) > 0.9,
  },
  {
    title: 'CPU',
    unit: 'of one core',
    colour: 'moved',
    text: (recent) =>
      percent(
        rate(
          sum(recent, ({ cpu }) => cpu),
          recent,
        ),
      ),
    value: ({ cpu, seconds }) => cpu / seconds,
  },
  {
    title: 'Memory',
    colour: 'moved',
    text: (_, { gauges }) => shown(gauges.memory, bytes),
    value: ({ gauges }) => gauges.memory,
  },
];

/** The numbers that a person looks at first. */
export class Tiles implements Panel {
  readonly element: HTMLElement;
  readonly #parts = TILES.map((tile) => {
    const value = el('dd');
    const canvas = el('canvas', { 'aria-hidden': 'true' });
    const unit = tile.unit ? [el('span', {}, tile.unit)] : [];
    return { tile, value, canvas, element: el('div', {}, el('dt', {}, tile.title, ' ', ...unit), value, canvas) };
  });

  constructor() {
    const list = el(
      'dl',
      { class: 'tiles', 'aria-label': `Of the last ${RECENT} seconds` },
      ...this.#parts.map(({ element }) => element),
    );
    this.element = list;
  }

  update(history: History): void {
    const { recent, frames } = history;
    const last = frames.at(-1);
    for (const { tile, value, canvas, element } of this.#parts) {
      setText(value, (last && tile.text(recent, last)) ?? '–');
      element.classList.toggle('bad', tile.isBad?.(recent) ?? false);
      drawSparkline(canvas, history, frames.map(tile.value), tile.colour);
    }
  }
}
