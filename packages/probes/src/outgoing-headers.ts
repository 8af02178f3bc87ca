import type { ClientRequest } from 'node:http';
import type { TextMapSetter } from '@opentelemetry/api';

interface RenderedRequest {
  /** The head as it is to be sent, once it is settled. */
  _header: string | null;
  /** Whether the head is among what waits for the connection. */
  _headerSent: boolean;
  readonly outputData: { data: unknown }[];
}

/**
 * Sets a header of a request that has no connection yet. Node renders the head at once where the service gives the headers
 * as a list or expects a 100: then it is added to what was rendered.
 */
export const outgoingHeaders: TextMapSetter<ClientRequest> = {
  set(request, name, value) {
    const rendered = request as unknown as RenderedRequest;
    const { _header: head } = rendered;
    if (typeof head !== 'string') {
      request.setHeader(name, value);
      return;
    }
    const extended = `${head.slice(0, -2)}${name}: ${value}\r\n\r\n`;
    const waiting = rendered.outputData[0];
    if (rendered._headerSent) {
      // Too late: it is on its way.
      if (typeof waiting?.data !== 'string' || !waiting.data.startsWith(head)) return;
      waiting.data = extended + waiting.data.slice(head.length);
    }
    rendered._header = extended;
  },
};
