import { el } from '../dom.ts';
import type { History } from '../history.ts';

/** A part of the page. */
export interface Panel {
  readonly element: HTMLElement;
  /** Shows what there is now; hides itself where it has nothing to show. */
  update(history: History): void;
}

/** @param what of it is shown, in a word or two */
export function section(title: string, what: string, ...children: readonly Node[]): HTMLElement {
  return el('section', { 'aria-label': title }, el('h2', {}, title, ' ', el('small', {}, what)), ...children);
}
