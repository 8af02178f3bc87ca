import { Chart } from '../drawing/chart.ts';
import { decimal, integer, percent } from '../format.ts';
import type { History } from '../history.ts';
import { NO_INCREASE } from '../reading.ts';
import { type Panel, section } from './panel.ts';
import { type Column, type Line, Table } from './table.ts';

const nameOf = (labels: ReadonlyMap<string, string>) => labels.get('cache_name') ?? '';

/** What was found in caches, and what was not. */
export class CachePanel implements Panel {
  readonly element: HTMLElement;
  readonly #table = new Table('Reads of caches', [
    { title: 'cache', kind: 'text' },
    { title: 'hit ratio', hint: 'of all reads since the process started' },
    { title: 'hits' },
    { title: 'misses' },
  ] satisfies Column[]);
  readonly #chart = new Chart({
    title: 'Reads of caches a second',
    lines: [
      { name: 'hits', colour: 'ok', value: ({ hits, seconds }) => hits / seconds },
      { name: 'misses', colour: 'refused', value: ({ misses, seconds }) => misses / seconds },
    ],
    format: decimal,
    isStacked: true,
    least: 1,
  });

  constructor() {
    this.element = section('Cache', 'reads a second, and all since the start', this.#chart.figure, this.#table.element);
  }

  update(history: History): void {
    const { latest } = history;
    this.element.hidden = !latest?.has('cache_hits') && !latest?.has('cache_misses');
    if (latest === undefined || this.element.hidden) return;
    this.#chart.update(history);
    const hits = latest.increases('cache_hits', nameOf);
    const misses = latest.increases('cache_misses', nameOf);
    const lines = [...new Set([...hits.keys(), ...misses.keys()])].sort().map((name): [string, Line] => {
      const found = (hits.get(name) ?? NO_INCREASE).total;
      const missed = (misses.get(name) ?? NO_INCREASE).total;
      const ratio = found / (found + missed || 1);
      return [
        name,
        [{ text: name }, { text: percent(ratio), share: ratio }, { text: integer(found) }, { text: integer(missed) }],
      ];
    });
    this.#table.update(new Map(lines));
  }
}
