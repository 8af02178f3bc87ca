import { el } from '../dom.ts';
import { Chart } from '../drawing/chart.ts';
import type { Colour } from '../drawing/colours.ts';
import { HeatMap } from '../drawing/heat-map.ts';
import { decimal } from '../format.ts';
import type { History } from '../history.ts';
import { type Panel, section } from './panel.ts';

const STATUSES: readonly [status: string, colour: Colour][] = [
  ['2xx', 'ok'],
  ['3xx', 'moved'],
  ['4xx', 'refused'],
  ['5xx', 'failed'],
  ['aborted', 'aborted'],
];

/** How many requests, and how they ended. */
export class RequestsPanel implements Panel {
  readonly element: HTMLElement;
  readonly #chart: Chart;
  readonly #none = el('p', { class: 'empty' }, 'No request since this page was opened.');

  constructor() {
    this.#chart = new Chart({
      title: 'Requests a second',
      lines: STATUSES.map(([name, colour]) => ({
        name,
        colour,
        value: ({ statuses, seconds }) => (statuses.get(name) ?? 0) / seconds,
      })),
      format: decimal,
      isStacked: true,
      least: 1,
    });
    this.#chart.element.classList.add('tall');
    this.element = section('Requests', 'a second, by status', this.#chart.figure, this.#none);
  }

  update(history: History): void {
    this.#chart.update(history);
    this.#none.hidden = history.frames.some(({ requests }) => requests.count > 0);
  }
}

/** How long they took. */
export class LatencyPanel implements Panel {
  readonly element: HTMLElement;
  readonly #heatMap = new HeatMap();

  constructor() {
    this.element = section('Latency', 'of requests, and the slowest traces', this.#heatMap.figure);
  }

  update(history: History): void {
    this.#heatMap.update(history);
  }
}
