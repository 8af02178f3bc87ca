import { el, setBreakableText, setText } from '../dom.ts';
import { clock, duration } from '../format.ts';
import type { Trace } from '../frame.ts';
import type { History } from '../history.ts';
import type { Reading } from '../reading.ts';
import { traceLink } from '../trace-link.ts';
import { type Panel, section } from './panel.ts';

/** The slowest requests of the last minutes that a trace is known of. */
export class TracesPanel implements Panel {
  readonly element: HTMLElement;
  readonly #list = el('ol', { class: 'traces' });
  #items = new Map<string, Element>();

  constructor() {
    this.element = section('Slowest traces', 'of the last minutes', this.#list);
  }

  update({ slowest, latest }: History): void {
    this.element.hidden = slowest.length === 0;
    const items = slowest.map((trace) => {
      const key = `${trace.traceId} ${trace.time}`;
      return [key, this.#items.get(key) ?? item(trace, latest)] as const;
    });
    this.#items = new Map(items);
    const elements = [...this.#items.values()];
    const { children } = this.#list;
    const isSame = elements.length === children.length && elements.every((one, index) => one === children[index]);
    // A link that has the focus keeps it.
    if (!isSame) this.#list.replaceChildren(...elements);
  }
}

function item({ traceId, route, value, time }: Trace, reading: Reading | undefined): Element {
  const link = traceLink(traceId, reading);
  link.classList.add('id');
  const isLink = link.tagName === 'A';
  setText(link, isLink ? traceId.slice(0, 8) : traceId);
  if (isLink) link.setAttribute('aria-label', `trace ${traceId.slice(0, 8)}`);
  const name = el('code');
  setBreakableText(name, route);
  return el('li', {}, el('b', {}, duration(value)), name, el('time', {}, clock(time)), link);
}
