import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type ReceivedSpan, spansOfJson, spansOfProtobuf } from './otlp-messages.ts';

/** As much of an event of Sentry as the tests look at. */
export interface SentryEvent {
  readonly event_id: string;
  readonly level?: string;
  readonly transaction?: string;
  readonly environment?: string;
  readonly release?: string;
  readonly type?: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the SDK made of it
  readonly contexts: Record<string, any>;
  readonly exception?: {
    readonly values: {
      readonly type: string;
      readonly value: string;
      readonly mechanism?: { readonly type: string; readonly handled: boolean };
      readonly stacktrace?: { readonly frames: { readonly filename: string; readonly function: string }[] };
    }[];
  };
}

interface Item {
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the SDK made of it
  readonly payload: any;
}

/** Sentry, as far as a test can be it: what takes envelopes and, by OTLP, spans of one project. */
export interface SentryIngest {
  readonly dsn: string;
  readonly port: number;
  /** Errors, in the order of arrival. */
  readonly events: SentryEvent[];
  /** All items of all envelopes, errors among them. */
  readonly items: Item[];
  /** What came by OTLP. */
  readonly spans: ReceivedSpan[];
  readonly requests: {
    readonly path: string;
    readonly headers: IncomingMessage['headers'];
    readonly body: string;
  }[];
  /** What answers a request in place of 200, when set; what it brings is not taken. */
  refuse: ((response: ServerResponse) => void) | undefined;
  stop(): Promise<void>;
}

/** @param port any free one unless given */
export async function startSentry(port = 0): Promise<SentryIngest> {
  const server = createServer({ keepAliveTimeout: 0 }, async (request, response) => {
    const sent = await buffer(request).catch(() => undefined);
    // Who breaks off has sent nothing.
    if (sent === undefined) return;
    const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    const path = request.url ?? '';
    sentry.requests.push({ path, headers: request.headers, body: body.toString('latin1') });
    if (sentry.refuse) return sentry.refuse(response);
    if (/^\/api\/42\/envelope\/\?.*sentry_key=publickey/.test(path)) {
      const items = itemsOf(body);
      sentry.items.push(...items);
      sentry.events.push(...items.flatMap(({ type, payload }) => (type === 'event' ? [payload] : [])));
      response.end(JSON.stringify({ id: '' }));
    } else if (
      path === '/api/42/integration/otlp/v1/traces/' &&
      /sentry_key=publickey/.test(String(request.headers['x-sentry-auth']))
    ) {
      const isJson = request.headers['content-type'] === 'application/json';
      sentry.spans.push(...(isJson ? spansOfJson(body.toString()) : spansOfProtobuf(body)));
      response.setHeader('content-type', request.headers['content-type'] ?? '').end(isJson ? '{}' : '');
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const { port: bound } = server.address() as AddressInfo;
  const sentry: SentryIngest = {
    dsn: `http://publickey@127.0.0.1:${bound}/42`,
    port: bound,
    events: [],
    items: [],
    spans: [],
    requests: [],
    refuse: undefined,
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return sentry;
}

/** Sentry's "Envelopes": a line of headers, then for each item a line of headers and what it holds. */
function itemsOf(envelope: Buffer): Item[] {
  const items: Item[] = [];
  const line = (from: number) => {
    const end = envelope.indexOf('\n', from);
    return end === -1 ? envelope.length : end;
  };
  for (let at = line(0) + 1; at < envelope.length; ) {
    const headersEnd = line(at);
    const { type, length } = JSON.parse(envelope.toString('utf8', at, headersEnd));
    const start = headersEnd + 1;
    const end = length === undefined ? line(start) : start + length;
    items.push({ type, payload: JSON.parse(envelope.toString('utf8', start, end)) });
    at = end + 1;
  }
  return items;
}
