import { type Attributes, SpanKind } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

/** What is of the person who asks. */
const OF_CLIENTS = [
  'client.address',
  'client.port',
  'network.peer.address',
  'network.peer.port',
  'user_agent.original',
];

/** A span without addresses of clients, their browsers, and queries of URLs. */
export function withoutPersonalData(span: ReadableSpan): ReadableSpan {
  const { 'url.query': _query, 'url.full': url, ...attributes } = span.attributes;
  const kept: Attributes = typeof url === 'string' ? { ...attributes, 'url.full': withoutQuery(url) } : attributes;
  if (span.kind === SpanKind.SERVER) for (const name of OF_CLIENTS) delete kept[name];
  return Object.create(span, { attributes: { value: kept, enumerable: true } }) as ReadableSpan;
}

function withoutQuery(url: string): string {
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}
