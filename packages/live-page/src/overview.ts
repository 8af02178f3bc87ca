import { quantile } from './buckets.ts';
import { el, setText } from './dom.ts';
import { drawSparkline } from './drawing/sparkline.ts';
import { decimal, duration, percent } from './format.ts';
import { requestsOf } from './history.ts';
import type { Source } from './source.ts';

/** A card for each process: the one that is chosen is shown below, and is in the page's address. */
export class Overview {
  readonly element: HTMLElement;
  readonly #cards: readonly { readonly source: Source; readonly update: (isChosen: boolean) => void }[];

  constructor(sources: readonly Source[]) {
    const cards = sources.map(card);
    this.#cards = cards;
    this.element = el('nav', { 'aria-label': 'Services' }, ...cards.map(({ element }) => element));
  }

  update(chosen: Source): void {
    for (const { source, update } of this.#cards) update(source === chosen);
  }
}

function card(source: Source): { source: Source; element: HTMLElement; update: (isChosen: boolean) => void } {
  const state = el('span', { class: 'state' });
  const canvas = el('canvas', { 'aria-hidden': 'true' });
  const values = { requests: el('dd'), errors: el('dd'), p95: el('dd') };
  const pairs = Object.entries(values).map(([name, value]) => el('div', {}, el('dt', {}, name), value));
  const element = el(
    'a',
    { href: `#${encodeURIComponent(source.name)}` },
    el('strong', {}, source.name),
    state,
    el('dl', {}, ...pairs),
    canvas,
  );
  const update = (isChosen: boolean) => {
    const { lost, history } = source;
    const { recent, frames } = history;
    if (isChosen) element.setAttribute('aria-current', 'true');
    else element.removeAttribute('aria-current');
    const is = lost ? 'down' : history.latest ? 'up' : 'connecting';
    setText(state, is);
    element.dataset.state = is;
    const { rate, errorShare = 0, buckets } = requestsOf(recent);
    const p95 = quantile(0.95, buckets);
    const known = !lost && frames.length > 0;
    setText(values.requests, known ? `${decimal(rate)}/s` : '–');
    setText(values.errors, known ? percent(errorShare) : '–');
    values.errors.classList.toggle('bad', known && errorShare > 0);
    setText(values.p95, known && p95 !== undefined ? duration(p95) : '–');
    drawSparkline(
      canvas,
      history,
      frames.map(({ requests, seconds }) => requests.count / seconds),
    );
  };
  return { source, element, update };
}
