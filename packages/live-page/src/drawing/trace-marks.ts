import { el } from '../dom.ts';
import { duration } from '../format.ts';
import type { Trace } from '../frame.ts';
import type { Reading } from '../reading.ts';
import { traceLink } from '../trace-link.ts';

/** Where a trace is shown, in pixels. */
export interface MarkedTrace {
  readonly trace: Trace;
  readonly x: number;
  readonly y: number;
}

/** Rings over a canvas that lead to traces. The list of them is what is read aloud. */
export class TraceMarks {
  readonly element = el('div', { class: 'marks', 'aria-hidden': 'true' });
  #elements = new Map<string, HTMLElement>();

  update(marked: readonly MarkedTrace[], reading: Reading | undefined): void {
    const elements = new Map<string, HTMLElement>();
    for (const { trace, x, y } of marked) {
      const key = `${trace.traceId} ${trace.time}`;
      const element = this.#elements.get(key) ?? mark(trace, reading);
      element.style.transform = `translate(${x}px, ${y}px)`;
      if (!element.isConnected) this.element.append(element);
      elements.set(key, element);
    }
    for (const [key, element] of this.#elements) if (!elements.has(key)) element.remove();
    this.#elements = elements;
  }
}

function mark({ traceId, route, value }: Trace, reading: Reading | undefined): HTMLElement {
  const element = traceLink(traceId, reading);
  element.title = `${duration(value)} ${route}, trace ${traceId}`;
  element.tabIndex = -1;
  return element;
}
