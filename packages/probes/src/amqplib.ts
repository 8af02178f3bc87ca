import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { CellRegistry } from '@otel-register/cells';
import { AmqpChannelState, type Consumer, secondsSince } from './amqp-channel.ts';
import { AMQP, amqpErrorType, destinationName, methodOf, replyName } from './amqp-protocol.ts';
import { MessagingMetrics, type Operation } from './messaging-metrics.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';

const VERSIONS = ['>=0.10.0 <3'];

const stateOf = Symbol('otel-register.state');

interface Channel {
  /** There on a channel whose messages the broker confirms. */
  readonly waitForConfirms?: unknown;
  [stateOf]?: AmqpChannelState;
}

interface Frame {
  readonly id: number;
  readonly fields: Fields;
}

/** Those of all methods that are looked at; each has some of them. */
interface Fields {
  readonly deliveryTag: number;
  readonly multiple: boolean;
  readonly consumerTag: string;
  readonly queue: string;
  readonly noAck: boolean;
  readonly exchange: string;
  readonly routingKey: string;
  readonly replyCode: number;
  /** Of the method that a channel is closed for. */
  readonly classId: number;
  readonly methodId: number;
}

type Reply = (error: unknown, frame?: Frame) => unknown;

/** One that began to consume before the probe was enabled. Whether it settles is not known, so nothing waits for it. */
const UNKNOWN_CONSUMER: Consumer = { queue: undefined, noAck: true };

const SETTLEMENTS = new Map<number, Operation>([
  [AMQP.basicAck, 'ack'],
  [AMQP.basicNack, 'nack'],
  [AMQP.basicReject, 'reject'],
]);

/**
 * Measures amqplib 0.10 to 2, with promises and with callbacks: what is published and confirmed, what is consumed, how long
 * its processing takes until it is settled, and what goes wrong.
 *
 * It watches the methods of the protocol on their way through a channel, which are the same under both of its interfaces;
 * messages, callbacks and promises of the service are not touched. The processing of a message that needs no settlement has
 * no end that could be seen.
 */
export class AmqplibProbe extends Probe {
  readonly #metrics: MessagingMetrics;

  constructor(cells: CellRegistry) {
    super('amqplib');
    this.#metrics = new MessagingMetrics(cells, 'rabbitmq');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const channel = {
      module: 'amqplib/lib/channel.js',
      holder: (exports: { Channel: { prototype: object } }) => exports.Channel.prototype,
      wrappers: {
        sendImmediately: (original: Method) => this.#sending(original),
        sendOrEnqueue: (original: Method) => this.#asking(original),
        accept: (original: Method) => this.#accepting(original),
        toClosed: (original: Method) => this.#closing(original),
      },
    };
    const consumers = {
      module: 'amqplib/lib/channel.js',
      holder: (exports: { BaseChannel: { prototype: object } }) => exports.BaseChannel.prototype,
      wrappers: { dispatchMessage: (original: Method) => this.#dispatching(original) },
    };
    const publishers = ['channel_model', 'callback_model'].map((name) => ({
      module: `amqplib/lib/${name}.js`,
      holder: (exports: { Channel: { prototype: object } }) => exports.Channel.prototype,
      wrappers: { publish: (original: Method) => this.#publishing(original) },
    }));
    const connection = {
      module: 'amqplib/lib/connection.js',
      holder: (exports: { Connection: { prototype: object } }) => exports.Connection.prototype,
      wrappers: { toClosed: (original: Method) => this.#losing(original) },
    };
    const connect = {
      module: 'amqplib/lib/connect.js',
      holder: (exports: object) => exports,
      wrappers: { connect: (original: Method) => this.#connecting(original) },
    };
    return [this.patched('amqplib', VERSIONS, [channel, consumers, ...publishers, connection, connect])];
  }

  #publishing(original: Method): Method {
    const published = (channel: Channel, exchange: unknown, routingKey: unknown, startedAt: number, error?: unknown) =>
      this.#published(channel, exchange, routingKey, startedAt, error);
    return function publish(this: Channel, exchange: unknown, routingKey: unknown) {
      const startedAt = performance.now();
      let result: unknown;
      try {
        result = original.apply(this, arguments as never);
      } catch (error) {
        published(this, exchange, routingKey, startedAt, error ?? new Error());
        throw error;
      }
      published(this, exchange, routingKey, startedAt);
      return result;
    };
  }

  /** Settlements are all that is sent without an answer, but for what closes the channel. */
  #sending(original: Method): Method {
    const sent = (channel: Channel, method: number, fields: Fields, startedAt: number) =>
      this.#settled(channel, method, fields, startedAt);
    return function sendImmediately(this: Channel, method: number, fields: Fields) {
      const startedAt = performance.now();
      const result: unknown = original.call(this, method, fields);
      sent(this, method, fields, startedAt);
      return result;
    };
  }

  /** Requests with an answer, of which the function that takes the answer is amqplib's own. */
  #asking(original: Method): Method {
    const watched = (channel: Channel, method: number, fields: Fields, reply: Reply) =>
      this.#watched(channel, method, fields, reply);
    return function sendOrEnqueue(this: Channel, method: number, fields: Fields, reply: Reply) {
      return original.call(this, method, fields, watched(this, method, fields, reply));
    };
  }

  /** What the broker sends, frame by frame. */
  #accepting(original: Method): Method {
    const accepted = (channel: Channel, frame: Frame) => this.#accepted(channel, frame);
    return function accept(this: Channel, frame: Frame) {
      accepted(this, frame);
      return original.call(this, frame);
    };
  }

  /** A message on its way to the consumer; none when the broker has cancelled the consumer. */
  #dispatching(original: Method): Method {
    const delivered = (channel: Channel, fields: Fields) => this.#delivered(channel, fields);
    return function dispatchMessage(this: Channel, fields: Fields, message: unknown) {
      if (message !== null) delivered(this, fields);
      return original.call(this, fields, message);
    };
  }

  /** However a channel ends: all that waits on it waits in vain. */
  #closing(original: Method): Method {
    const closed = this.guarded((channel: Channel) => channel[stateOf]?.closed());
    return function toClosed(this: Channel) {
      closed(this);
      return original.apply(this, arguments as never);
    };
  }

  /** A connection that ends with an error, not because the service has closed it. */
  #losing(original: Method): Method {
    const lost = this.guarded((error: unknown) => this.#metrics.failed(amqpErrorType(error)));
    return function toClosed(this: unknown, stack: unknown, error?: unknown) {
      if (error) lost(error);
      return original.call(this, stack, error);
    };
  }

  /** A connection that does not come about. */
  #connecting(original: Method): Method {
    const failed = this.guarded((error: unknown) => this.#metrics.failed(amqpErrorType(error)));
    return function connect(this: unknown, url: unknown, options: unknown, opened: (...args: unknown[]) => unknown) {
      let isOver = false;
      return original.call(this, url, options, function (this: unknown, error: unknown, ...rest: unknown[]) {
        if (error && !isOver) failed(error);
        isOver = true;
        return opened.call(this, error, ...rest);
      });
    };
  }

  #published(channel: Channel, exchange: unknown, routingKey: unknown, startedAt: number, error: unknown): void {
    try {
      const destination = destinationName(String(exchange ?? ''), String(routingKey ?? ''));
      const span = this.#metrics.captureSpan();
      if (error === undefined && channel.waitForConfirms) {
        this.#stateOf(channel).published(destination, startedAt, span);
      } else {
        const type = error === undefined ? undefined : amqpErrorType(error);
        this.#metrics.ended('publish', destination, type, secondsSince(startedAt), span);
      }
    } catch (failure) {
      this.failed(failure);
    }
  }

  #settled(channel: Channel, method: number, { deliveryTag, multiple }: Fields, startedAt: number): void {
    try {
      const name = SETTLEMENTS.get(method);
      if (name) this.#stateOf(channel).settled(name, deliveryTag, multiple, startedAt);
    } catch (failure) {
      this.failed(failure);
    }
  }

  #watched(channel: Channel, method: number, fields: Fields, reply: Reply): Reply {
    if (method === AMQP.basicGet) return this.#watchGet(channel, fields, reply);
    if (method !== AMQP.basicConsume && method !== AMQP.basicRecover) return reply;
    const answered = this.guarded((frame: Frame) => {
      const state = this.#stateOf(channel);
      if (method === AMQP.basicRecover) state.givenBack('recover');
      else state.consumers.set(frame.fields.consumerTag, consumerOf(fields));
    });
    return (error, frame) => {
      if (error === null && frame) answered(frame);
      return reply(error, frame);
    };
  }

  #watchGet(channel: Channel, fields: Fields, reply: Reply): Reply {
    const startedAt = performance.now();
    const span = this.#metrics.captureSpan();
    const answered = this.guarded(({ error, frame }: { error: unknown; frame: Frame | undefined }) => {
      const consumer = consumerOf(fields);
      const type = error === null ? undefined : closeReason(error);
      this.#metrics.ended('get', consumer.queue, type, secondsSince(startedAt), span);
      if (frame?.id === AMQP.basicGetOk) this.#stateOf(channel).delivered('get', consumer, frame.fields.deliveryTag);
    });
    return (error, frame) => {
      answered({ error, frame });
      return reply(error, frame);
    };
  }

  #accepted(channel: Channel, { id, fields }: Frame): void {
    try {
      if (id === AMQP.basicAck) channel[stateOf]?.confirmed(undefined, fields.deliveryTag, fields.multiple);
      else if (id === AMQP.basicNack) channel[stateOf]?.confirmed('nack', fields.deliveryTag, fields.multiple);
      else if (id === AMQP.basicReturn) {
        const destination = destinationName(fields.exchange, fields.routingKey);
        this.#metrics.failed(replyName(fields.replyCode), 'publish', destination);
      } else if (id === AMQP.channelClose) this.#refused(fields);
    } catch (failure) {
      this.failed(failure);
    }
  }

  /** The broker closes a channel because of a method; a get has this for an answer and counts it. */
  #refused({ replyCode, classId, methodId }: Fields): void {
    const method = methodOf(classId, methodId);
    if (method === AMQP.basicGet) return;
    const name = method === AMQP.basicPublish ? 'publish' : SETTLEMENTS.get(method);
    this.#metrics.failed(replyName(replyCode), name);
  }

  #delivered(channel: Channel, { consumerTag, deliveryTag }: Fields): void {
    try {
      const state = this.#stateOf(channel);
      state.delivered('consume', state.consumers.get(consumerTag) ?? UNKNOWN_CONSUMER, deliveryTag);
    } catch (failure) {
      this.failed(failure);
    }
  }

  #stateOf(channel: Channel): AmqpChannelState {
    channel[stateOf] ??= new AmqpChannelState(this.#metrics);
    return channel[stateOf];
  }
}

function consumerOf({ queue, noAck }: Fields): Consumer {
  return { queue: destinationName('', queue), noAck };
}

/** Of a request that was refused: the broker's close of the channel is an answer, too. */
function closeReason(error: unknown): string {
  const { fields } = error as Partial<Frame>;
  return fields ? replyName(fields.replyCode) : amqpErrorType(error);
}
