import type { Span, SpanContext } from '@opentelemetry/api';
import type { CounterCell } from '@otel-register/cells';
import type { AmqpConnection } from './amqp-server.ts';
import { endAmqpSpan } from './amqp-spans.ts';
import type { MessagingMetrics, Operation } from './messaging-metrics.ts';

const state = Symbol('otel-register.state');

/** As much of a channel of amqplib as is read here. */
export interface AmqpChannel {
  readonly connection: AmqpConnection;
  /** There on a channel whose messages the broker confirms. */
  readonly waitForConfirms?: unknown;
  [state]?: AmqpChannelState;
}

/** What is known of a channel, from the first time on that it is asked for. */
export function channelState(channel: AmqpChannel, metrics: MessagingMetrics): AmqpChannelState {
  channel[state] ??= new AmqpChannelState(metrics);
  return channel[state];
}

/** Undefined where nothing is known of a channel. */
export function knownChannelState(channel: AmqpChannel): AmqpChannelState | undefined {
  return channel[state];
}

/** A message that waits for somebody's answer: the service's settlement or the broker's confirmation. */
interface Waiting {
  readonly destination: string | undefined;
  /** By `performance.now()`. */
  readonly startedAt: number;
  /** What the duration is remembered with. */
  readonly exemplar: SpanContext | undefined;
  /** Where there are spans. */
  readonly span: Span | undefined;
  /** Of a message that was delivered. */
  readonly unsettled?: CounterCell;
}

export interface Consumer {
  readonly queue: string | undefined;
  readonly noAck: boolean;
}

/**
 * What is known of one channel: its consumers, the messages that it was given and has not settled, and those that it has
 * published and the broker has not confirmed. Both are known by their delivery tags, which ascend.
 */
export class AmqpChannelState {
  readonly consumers = new Map<string, Consumer>();
  readonly #metrics: MessagingMetrics;
  readonly #delivered = new Map<number, Waiting>();
  readonly #unconfirmed = new Map<number, Waiting>();
  #published = 0;

  constructor(metrics: MessagingMetrics) {
    this.#metrics = metrics;
  }

  /**
   * @param span of a message that a consumer is about to process
   * @param age in seconds, where it is known
   */
  delivered(name: 'get' | 'consume', { queue, noAck }: Consumer, tag: number, span?: Span, age?: number): void {
    this.#metrics.consumed(name, queue);
    const exemplar = this.#metrics.captureSpan(span);
    if (age !== undefined) this.#metrics.aged(queue, age, exemplar);
    if (noAck) return;
    const unsettled = this.#metrics.unsettled(queue);
    unsettled.add(1);
    this.#delivered.set(tag, {
      destination: queue,
      startedAt: performance.now(),
      exemplar,
      span,
      unsettled,
    });
  }

  /** Settles a message, or with `isMultiple` all up to it, all that there are for a tag of 0. */
  settled(name: Operation, tag: number, isMultiple: boolean, startedAt: number): void {
    const error = name === 'ack' ? undefined : name;
    let destination: string | undefined;
    for (const message of take(this.#delivered, tag, isMultiple)) {
      destination = message.destination;
      this.#processed(message, error);
    }
    this.#metrics.ended(name, destination, undefined, secondsSince(startedAt));
  }

  published(
    destination: string | undefined,
    startedAt: number,
    exemplar: SpanContext | undefined,
    span: Span | undefined,
  ): void {
    this.#unconfirmed.set(++this.#published, { destination, startedAt, exemplar, span });
  }

  /** @param error undefined when the broker has taken the messages */
  confirmed(error: string | undefined, tag: number, isMultiple: boolean): void {
    for (const { destination, startedAt, exemplar, span } of take(this.#unconfirmed, tag, isMultiple)) {
      this.#metrics.ended('publish', destination, error, secondsSince(startedAt), exemplar);
      if (span) endAmqpSpan(span, error);
    }
  }

  /** All messages that the service has not settled go back to their queues. */
  givenBack(reason: string): void {
    for (const message of take(this.#delivered, 0, true)) this.#processed(message, reason);
  }

  closed(): void {
    this.givenBack('channel_closed');
    this.confirmed('channel_closed', 0, true);
  }

  #processed({ destination, startedAt, exemplar, span, unsettled }: Waiting, error: string | undefined): void {
    unsettled?.add(-1);
    this.#metrics.ended('process', destination, error, secondsSince(startedAt), exemplar);
    if (span?.isRecording()) endAmqpSpan(span, error);
  }
}

/** Takes out the message of a tag, or all up to it. */
function take(messages: Map<number, Waiting>, tag: number, isMultiple: boolean): Waiting[] {
  const taken: Waiting[] = [];
  if (!isMultiple) {
    const message = messages.get(tag);
    if (message) taken.push(message);
    messages.delete(tag);
    return taken;
  }
  for (const [each, message] of messages) {
    if (tag !== 0 && each > tag) break;
    taken.push(message);
    messages.delete(each);
  }
  return taken;
}

export function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
