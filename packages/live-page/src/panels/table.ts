import { el, setBreakableText, setText } from '../dom.ts';

export interface Column {
  readonly title: string;
  /** What it means, for those who point at it. */
  readonly hint?: string;
  /** `text` stands at the left; `extra` is left out where there is little room; `spark` is a canvas. */
  readonly kind?: 'text' | 'extra' | 'spark';
}

/** What one cell shows. */
export interface Cell {
  readonly text: string;
  readonly tone?: 'failed' | 'quiet';
  /** From 0 to 1: how long a bar behind the text is. */
  readonly share?: number;
}

/** The cells of a line; of a `spark` column what draws it. */
export type Line = readonly (Cell | ((canvas: HTMLCanvasElement) => void))[];

interface Row {
  readonly element: HTMLTableRowElement;
  readonly cells: HTMLTableCellElement[];
  readonly canvas: HTMLCanvasElement | undefined;
}

/** Lines that keep their elements for as long as they are shown: what is selected or focused in them stays so. */
export class Table {
  readonly element: HTMLElement;
  readonly #columns: readonly Column[];
  readonly #body = el('tbody');
  readonly #rows = new Map<string, Row>();

  constructor(caption: string, columns: readonly Column[]) {
    this.#columns = columns;
    const heads = columns.map(({ title, hint, kind }) =>
      el('th', { scope: 'col', ...(kind && { class: kind }), ...(hint && { title: hint }) }, title),
    );
    const table = el('table', {}, el('caption', {}, caption), el('thead', {}, el('tr', {}, ...heads)), this.#body);
    this.element = el('div', { class: 'table' }, table);
  }

  /** @param lines by their keys, in order */
  update(lines: ReadonlyMap<string, Line>): void {
    for (const [key, { element }] of this.#rows) {
      if (lines.has(key)) continue;
      element.remove();
      this.#rows.delete(key);
    }
    let at = 0;
    for (const [key, cells] of lines) {
      const row = this.#row(key);
      if (this.#body.children[at] !== row.element)
        this.#body.insertBefore(row.element, this.#body.children[at] ?? null);
      at++;
      for (const [index, cell] of cells.entries()) {
        const element = row.cells[index];
        if (typeof cell !== 'function') show(element, cell);
        else if (row.canvas) cell(row.canvas);
      }
    }
  }

  #row(key: string): Row {
    let row = this.#rows.get(key);
    if (row === undefined) {
      const cells = this.#columns.map(({ kind }, index) =>
        el(index === 0 ? 'th' : 'td', { ...(index === 0 && { scope: 'row' }), ...(kind && { class: kind }) }),
      );
      const at = this.#columns.findIndex(({ kind }) => kind === 'spark');
      const canvas = at === -1 ? undefined : el('canvas', { 'aria-hidden': 'true' });
      if (canvas) cells[at]?.append(canvas);
      row = { element: el('tr', {}, ...cells), cells, canvas };
      this.#rows.set(key, row);
    }
    return row;
  }
}

function show(element: HTMLElement | undefined, { text, tone, share }: Cell): void {
  if (element === undefined) return;
  if (element.classList.contains('text')) setBreakableText(element, text);
  else setText(element, text);
  if (tone) element.dataset.tone = tone;
  else delete element.dataset.tone;
  if (share !== undefined) element.style.setProperty('--share', String(share));
}
