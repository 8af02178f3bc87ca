import { Chart, type ChartOptions } from '../drawing/chart.ts';
import { bytes, duration, integer, percent } from '../format.ts';
import type { Frame } from '../frame.ts';
import type { History } from '../history.ts';
import { type Panel, section } from './panel.ts';

/** A chart under a heading of its own. */
class ChartPanel implements Panel {
  readonly element: HTMLElement;
  readonly #chart: Chart;

  constructor(title: string, what: string, options: Omit<ChartOptions, 'title'>) {
    this.#chart = new Chart({ title: `${title}, ${what}`, ...options });
    this.element = section(title, what, this.#chart.figure);
  }

  update(history: History): void {
    this.element.hidden = history.frames.length > 0 && !this.#chart.hasValues(history);
    if (!this.element.hidden) this.#chart.update(history);
  }
}

const ratio = (seconds: (frame: Frame) => number) => (frame: Frame) => seconds(frame) / frame.seconds;

/** The process itself. */
export function processPanels(): Panel[] {
  return [
    new ChartPanel('Event loop', 'how late a timer of 10 ms fires', {
      lines: [
        { name: 'p50', colour: 'ok', value: ({ gauges }) => gauges.delayP50 },
        { name: 'p99', colour: 'blue', value: ({ gauges }) => gauges.delayP99 },
      ],
      format: duration,
      least: 0.02,
    }),
    new ChartPanel('Processor', 'share of one core', {
      lines: [
        { name: 'process', colour: 'blue', value: ratio(({ cpu }) => cpu) },
        { name: 'event loop', colour: 'ok', value: ({ gauges }) => gauges.utilization },
        { name: 'garbage collection', colour: 'refused', value: ratio(({ gc }) => gc) },
      ],
      format: percent,
      least: 0.1,
    }),
    new ChartPanel('Memory', 'resident, and heap', {
      lines: [
        { name: 'resident', colour: 'blue', value: ({ gauges }) => gauges.memory },
        { name: 'heap', colour: 'moved', value: ({ gauges }) => gauges.heapSize },
        { name: 'heap used', colour: 'ok', value: ({ gauges }) => gauges.heapUsed },
      ],
      format: bytes,
      least: 1e6,
    }),
    new ChartPanel('WebSockets', 'open', {
      lines: [{ name: 'connections', colour: 'ok', value: ({ gauges }) => gauges.sockets }],
      format: integer,
      least: 4,
    }),
    new ChartPanel('Unsettled messages', 'taken and not settled', {
      lines: [{ name: 'messages', colour: 'violet', value: ({ gauges }) => gauges.unsettled }],
      format: integer,
      least: 4,
    }),
  ];
}
