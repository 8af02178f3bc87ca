import { el, setText } from './dom.ts';
import { age, clock } from './format.ts';
import type { Source } from './source.ts';

/** Which process it is, how it is, and the button that stops the page from moving. */
export class Header {
  readonly element: HTMLElement;
  isPaused = false;
  readonly #name = el('h1', {}, 'Live');
  readonly #facts = el('p', { class: 'facts' });
  readonly #state = el('p', { class: 'state' });
  readonly #own = el('a', { hidden: '' }, 'its own page');
  readonly #lost = el('p', { class: 'lost', role: 'status' });
  readonly #pause = el('button', { type: 'button', 'aria-pressed': 'false' }, 'Pause');

  /** @param onPause told when it was pressed */
  constructor(onPause: () => void) {
    this.#pause.addEventListener('click', () => {
      this.isPaused = !this.isPaused;
      this.#pause.setAttribute('aria-pressed', String(this.isPaused));
      onPause();
    });
    this.element = el('header', {}, this.#name, this.#facts, this.#own, this.#state, this.#pause, this.#lost);
  }

  update(source: Source): void {
    const { title, lost, history, page, interval } = source;
    const { latest } = history;
    setText(this.#name, title || 'Live');
    this.#own.hidden = page === undefined;
    if (page !== undefined) this.#own.href = page;
    const labels = latest?.labels('target')[0];
    const facts = [
      labels?.get('service_version'),
      labels?.get('service_instance_id'),
      latest && `up ${age(latest.time / 1000 - latest.startTime)}`,
    ];
    setText(this.#facts, facts.filter(Boolean).join(' · '));
    const rhythm = `every ${interval < 1500 ? 'second' : `${Math.round(interval / 1000)} s`}`;
    setText(this.#state, this.isPaused ? 'paused' : lost ? 'no answer' : latest ? `live, ${rhythm}` : 'connecting');
    this.#state.dataset.state = this.isPaused ? 'paused' : lost ? 'lost' : 'live';
    const last = latest ? ` This is how it was at ${clock(latest.time)}.` : '';
    setText(
      this.#lost,
      lost
        ? `${title || 'The process'} has not answered since ${clock(lost.since)} (${lost.reason}).${last} It is asked again every few seconds.`
        : '',
    );
  }
}
