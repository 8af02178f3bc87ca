import { once } from 'node:events';
import { WebSocket } from 'ws';
import { until } from './until.ts';

/** A WebSocket for events, and what came over it. */
export class EventSocket {
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of an event by asserting it
  readonly events: any[] = [];
  readonly client: WebSocket;
  /** The code that it was closed with: 1006 when it was broken off. */
  readonly closed: Promise<number>;
  pings = 0;

  private constructor(client: WebSocket) {
    this.client = client;
    this.closed = once(client, 'close').then(([code]) => code);
    client.on('message', (text) => this.events.push(JSON.parse(String(text))));
    client.on('ping', () => this.pings++);
  }

  /** @throws AssertionError unless the gateway takes it */
  static async open(url: string, token: string, options: { autoPong?: boolean } = {}): Promise<EventSocket> {
    const protocols = ['payment-events', `bearer.${token}`];
    const socket = new EventSocket(new WebSocket(`${url.replace('http', 'ws')}/events`, protocols, options));
    await once(socket.client, 'open');
    return socket;
  }

  async received(count: number): Promise<void> {
    await until(`${count} events`, async () => this.events.length >= count);
  }
}

/** The status and the problem by which the gateway refuses a WebSocket. */
export async function refusal(url: string, protocols: string[], headers: Record<string, string> = {}) {
  const client = new WebSocket(url.replace('http', 'ws'), protocols, { headers });
  client.on('error', () => {});
  const [, response] = await once(client, 'unexpected-response');
  let body = '';
  for await (const part of response) body += part;
  return { status: response.statusCode, type: response.headers['content-type'], body: JSON.parse(body) };
}
