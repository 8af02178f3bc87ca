import { quantile } from '../buckets.ts';
import { el, setText } from '../dom.ts';
import { drawSparkline } from '../drawing/sparkline.ts';
import { decimal, duration, integer, percent } from '../format.ts';
import { type ActivityKind, NO_ACTIVITY } from '../frame.ts';
import { type History, RECENT, rate } from '../history.ts';
import { type Panel, section } from './panel.ts';
import { type Column, type Line, Table } from './table.ts';

/** Most lines that are shown. */
const MOST = 40;

/** A table of what goes on, line by line: how often, how long, how often in vain. */
export class ActivityPanel implements Panel {
  readonly element: HTMLElement;
  readonly #kind: ActivityKind;
  readonly #table: Table;
  readonly #more = el('p', { class: 'note' });

  /**
   * @param what heads the first column
   * @param unit is counted, such as requests
   */
  constructor(title: string, kind: ActivityKind, what: string, unit: string) {
    this.#kind = kind;
    this.#table = new Table(`${title}: ${unit} of the last ${RECENT} s, and all since the process started`, [
      { title: what, kind: 'text' },
      { title: 'recently', kind: 'spark' },
      { title: 'per s', hint: `${unit} a second, of the last ${RECENT} s` },
      { title: 'errors', hint: `share of the ${unit} that failed, of the last ${RECENT} s` },
      { title: 'p50', kind: 'extra', hint: `half of the ${unit} took no longer` },
      { title: 'p95', hint: `95 of 100 ${unit} took no longer` },
      { title: 'p99', kind: 'extra', hint: `99 of 100 ${unit} took no longer` },
      { title: 'total', hint: `${unit} since the process started` },
    ] satisfies Column[]);
    this.element = section(title, `last ${RECENT} s`, this.#table.element, this.#more);
  }

  update(history: History): void {
    const { lines: known, recent, frames } = history;
    this.element.hidden = !known?.[this.#kind].size;
    if (known === undefined || this.element.hidden) return;
    const all = [...known[this.#kind]].sort(([, a], [, b]) => b.total - a.total);
    const now = history.recentActivities(this.#kind);
    const busiest = Math.max(...Array.from(now.values(), ({ count }) => count));
    const lines = all.slice(0, MOST).map(([key, { total }]): [string, Line] => {
      const { count, errors, buckets } = now.get(key) ?? NO_ACTIVITY;
      const quiet = { tone: 'quiet' } as const;
      const time = (q: number) => {
        const value = quantile(q, buckets);
        return value === undefined ? { text: '–', ...quiet } : { text: duration(value) };
      };
      return [
        key,
        [
          { text: key },
          (canvas: HTMLCanvasElement) => {
            const values = frames.map(
              ({ activities, seconds }) => (activities[this.#kind].get(key)?.count ?? 0) / seconds,
            );
            drawSparkline(canvas, history, values);
          },
          { text: decimal(rate(count, recent)), share: count / (busiest || 1), ...(count === 0 && quiet) },
          errors === 0
            ? { text: count === 0 ? '–' : '0 %', ...quiet }
            : { text: percent(errors / count), tone: 'failed' },
          time(0.5),
          time(0.95),
          time(0.99),
          { text: integer(total) },
        ],
      ];
    });
    this.#table.update(new Map(lines));
    setText(this.#more, all.length > MOST ? `and ${integer(all.length - MOST)} more with fewer` : '');
  }
}
