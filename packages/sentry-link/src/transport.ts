import { type ClientRequest, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { type BaseTransportOptions, type Envelope, serializeEnvelope, type Transport } from '@sentry/core';
import { makeNodeTransport } from '@sentry/node';

/** Milliseconds in which Sentry must answer. */
const LONGEST_ANSWER = 10_000;

/** What became of an event: undefined when Sentry has it, otherwise why it is lost. */
export type Outcome = (failure: Error | undefined) => void;

/** An event that is on its way. */
interface Sending {
  readonly envelope: Envelope;
  /** Whether all of it was handed to the system, which delivers it also when the process ends. */
  isWritten: boolean;
}

type NodeTransportOptions = Parameters<typeof makeNodeTransport>[0];
type HttpModule = NonNullable<NodeTransportOptions['httpModule']>;

/** Why an event is lost, with the code that it is counted under. */
export class LostEvent extends Error {
  readonly code: string;

  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

/**
 * Takes events to Sentry with the transport of its SDK, as work that is none of the service's: it makes no span and no series,
 * and never keeps the process alive.
 */
export class SentryTransport implements Transport {
  readonly #transport: Transport;
  readonly #options: BaseTransportOptions;
  readonly #outcome: Outcome;
  readonly #onItsWay = new Set<Sending>();
  /** That of the request which is being made. */
  #current: Sending | undefined;

  /** @param lookup how Sentry's name is looked up */
  constructor(options: BaseTransportOptions, lookup: LookupFunction, outcome: Outcome) {
    this.#options = options;
    this.#outcome = outcome;
    const isHttps = options.url.startsWith('https:');
    const request = isHttps ? httpsRequest : httpRequest;
    const httpModule = {
      request: (target: RequestOptions, onResponse?: Parameters<typeof request>[2]) =>
        this.#watched(request({ ...target, lookup }, onResponse)),
    } as HttpModule;
    this.#transport = makeNodeTransport({
      ...options,
      httpModule,
      recordDroppedEvent: (reason) => this.#dropped(reason),
    });
  }

  async send(envelope: Envelope): Promise<Awaited<ReturnType<Transport['send']>>> {
    const sending = { envelope, isWritten: false };
    this.#onItsWay.add(sending);
    try {
      const sent = this.#begin(sending);
      const answer = await sent;
      // Without one it was not sent: see #dropped.
      if (answer.statusCode !== undefined) this.#outcome(failureOf(answer.statusCode));
      return answer;
    } catch (error) {
      this.#outcome(error as Error);
      return {};
    } finally {
      this.#onItsWay.delete(sending);
    }
  }

  /** How many events wait for Sentry's answer. */
  get sending(): number {
    return this.#onItsWay.size;
  }

  flush(timeout?: number): PromiseLike<boolean> {
    return this.#transport.flush(timeout);
  }

  /** Gives up what the system has not been handed: where it goes, and its bodies, to be sent in another way. */
  takeUnwritten(): { url: string; headers: Record<string, string>; bodies: (string | Uint8Array)[] } {
    const unwritten = [...this.#onItsWay].filter(({ isWritten }) => !isWritten);
    for (const sending of unwritten) this.#onItsWay.delete(sending);
    const { url, headers = {} } = this.#options;
    return { url, headers, bodies: unwritten.map(({ envelope }) => serializeEnvelope(envelope)) };
  }

  #begin(sending: Sending): PromiseLike<Awaited<ReturnType<Transport['send']>>> {
    this.#current = sending;
    try {
      return context.with(suppressTracing(context.active()), () => this.#transport.send(sending.envelope));
    } finally {
      this.#current = undefined;
    }
  }

  #watched(request: ClientRequest): ClientRequest {
    const sending = this.#current;
    if (sending) request.once('finish', () => setWrittenWhenConnected(request, sending));
    request.once('socket', (socket) => socket.unref());
    request.setTimeout(LONGEST_ANSWER, () =>
      request.destroy(new LostEvent(`no answer within ${LONGEST_ANSWER / 1000} s`, 'ETIMEDOUT')),
    );
    return request;
  }

  #dropped(reason: string): void {
    if (reason === 'ratelimit_backoff') this.#outcome(new LostEvent('it asked for fewer', 'rate_limited'));
  }
}

/** A request is finished when Node has all of it, which may wait for the connection. */
function setWrittenWhenConnected({ socket }: ClientRequest, sending: Sending): void {
  const written = () => {
    sending.isWritten = true;
  };
  if (!socket?.connecting) written();
  else socket.once(socket.listenerCount('secureConnect') > 0 ? 'secureConnect' : 'connect', written);
}

function failureOf(status: number): Error | undefined {
  return status >= 200 && status < 300 ? undefined : new LostEvent(`it answers ${status}`, String(status));
}
