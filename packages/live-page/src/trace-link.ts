import { el } from './dom.ts';
import type { Reading } from './reading.ts';
import { traceUrl } from './trace-url.ts';

/** A link to a trace where the process says how traces are found, otherwise an element that only has the text. */
export function traceLink(traceId: string, reading: Reading | undefined): HTMLElement {
  const url = traceUrl(reading?.labels('otel_sentry_trace_url_info')[0]?.get('url_template'), traceId);
  return url === undefined ? el('span') : el('a', { href: url, rel: 'noopener noreferrer', target: '_blank' });
}
