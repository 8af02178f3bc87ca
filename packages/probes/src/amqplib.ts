import { type Context, context } from '@opentelemetry/api';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { CellRegistry } from '@otel-register/cells';
import { type AmqpChannel, type Consumer, channelState, knownChannelState, secondsSince } from './amqp-channel.ts';
import { closeReason, consumerOf, type Fields, type Frame, type Reply } from './amqp-frames.ts';
import { AMQP, ageOf, amqpErrorType, destinationName, methodOf, replyName } from './amqp-protocol.ts';
import { AmqpPublishing } from './amqp-publishing.ts';
import { type AmqpConnection, rememberServer, serverOf } from './amqp-server.ts';
import { AmqpSpans, endAmqpSpan, type Message } from './amqp-spans.ts';
import { MessagingMetrics, type Operation } from './messaging-metrics.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';

const VERSIONS = ['>=0.10.0 <3'];

/** One that began to consume before the probe was enabled. Whether it settles is not known, so nothing waits for it. */
const UNKNOWN_CONSUMER: Consumer = { queue: undefined, noAck: true };

const SETTLEMENTS = new Map<number, Operation>([
  [AMQP.basicAck, 'ack'],
  [AMQP.basicNack, 'nack'],
  [AMQP.basicReject, 'reject'],
]);

/**
 * Measures amqplib 0.10 to 2, with promises and with callbacks: what is published and confirmed, what is consumed, how long
 * its processing takes until it is settled, and what goes wrong; and makes the spans of what is published and consumed.
 *
 * It watches the methods of the protocol on their way through a channel, which are the same under both of its interfaces;
 * messages, callbacks and promises of the service are not touched. The processing of a message that needs no settlement has
 * no end that could be seen, and its span ends when the consumer returns. Where there are spans, consumers are called in the
 * context of their message, and callbacks in the context of who asked.
 */
export class AmqplibProbe extends Probe {
  readonly #metrics: MessagingMetrics;
  /** Undefined where no spans are made. */
  readonly #spans: AmqpSpans | undefined;
  readonly #publishing: AmqpPublishing;

  /** @param hasSpans whether messages have spans */
  constructor(cells: CellRegistry, hasSpans: boolean) {
    super('amqplib');
    this.#metrics = new MessagingMetrics(cells, 'rabbitmq');
    this.#spans = hasSpans ? new AmqpSpans(() => this.tracer) : undefined;
    this.#publishing = new AmqpPublishing(this.#metrics, this.#spans, (error) => this.failed(error));
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
    const publishers = ['channel_model', 'callback_model'].flatMap((name) => [
      {
        module: `amqplib/lib/${name}.js`,
        holder: (exports: { Channel: { prototype: object } }) => exports.Channel.prototype,
        wrappers: { publish: (original: Method) => this.#publishing.publishing(original) },
      },
      {
        module: `amqplib/lib/${name}.js`,
        holder: (exports: { ConfirmChannel: { prototype: object } }) => exports.ConfirmChannel.prototype,
        wrappers: { publish: (original: Method) => this.#publishing.confirming(original) },
      },
    ]);
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

  /** Settlements are all that is sent without an answer, but for what closes the channel. */
  #sending(original: Method): Method {
    const sent = (channel: AmqpChannel, method: number, fields: Fields, startedAt: number) =>
      this.#settled(channel, method, fields, startedAt);
    return function sendImmediately(this: AmqpChannel, method: number, fields: Fields) {
      const startedAt = performance.now();
      const result: unknown = original.call(this, method, fields);
      sent(this, method, fields, startedAt);
      return result;
    };
  }

  /** Requests with an answer, of which the function that takes the answer is amqplib's own. */
  #asking(original: Method): Method {
    const watched = (channel: AmqpChannel, method: number, fields: Fields, reply: Reply) =>
      this.#watched(channel, method, fields, reply);
    const inCaller = (reply: Reply) => (this.#spans ? context.bind(context.active(), reply) : reply);
    return function sendOrEnqueue(this: AmqpChannel, method: number, fields: Fields, reply: Reply) {
      return original.call(this, method, fields, watched(this, method, fields, inCaller(reply)));
    };
  }

  /** What the broker sends, frame by frame. */
  #accepting(original: Method): Method {
    const accepted = (channel: AmqpChannel, frame: Frame) => this.#accepted(channel, frame);
    return function accept(this: AmqpChannel, frame: Frame) {
      accepted(this, frame);
      return original.call(this, frame);
    };
  }

  /** A message on its way to the consumer; none when the broker has cancelled the consumer. */
  #dispatching(original: Method): Method {
    const delivered = (channel: AmqpChannel, fields: Fields, message: Message) =>
      this.#delivered(channel, fields, message);
    return function dispatchMessage(this: AmqpChannel, fields: Fields, message: Message | null) {
      const begun = message === null ? undefined : delivered(this, fields, message);
      if (begun === undefined) return original.call(this, fields, message);
      try {
        return context.with(begun.context, () => original.call(this, fields, message));
      } finally {
        begun.returned();
      }
    };
  }

  /** However a channel ends: all that waits on it waits in vain. */
  #closing(original: Method): Method {
    const closed = this.guarded((channel: AmqpChannel) => knownChannelState(channel)?.closed());
    return function toClosed(this: AmqpChannel) {
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
    const found = this.guarded(({ connection, url }: { connection: AmqpConnection; url: unknown }) => {
      if (this.#spans) rememberServer(connection, url);
    });
    return function connect(this: unknown, url: unknown, options: unknown, opened: (...args: unknown[]) => unknown) {
      let isOver = false;
      return original.call(this, url, options, function (this: unknown, error: unknown, ...rest: unknown[]) {
        if (error && !isOver) failed(error);
        else if (!error) found({ connection: rest[0], url });
        isOver = true;
        return opened.call(this, error, ...rest);
      });
    };
  }

  #settled(channel: AmqpChannel, method: number, { deliveryTag, multiple }: Fields, startedAt: number): void {
    try {
      const name = SETTLEMENTS.get(method);
      if (name) channelState(channel, this.#metrics).settled(name, deliveryTag, multiple, startedAt);
    } catch (failure) {
      this.failed(failure);
    }
  }

  #watched(channel: AmqpChannel, method: number, fields: Fields, reply: Reply): Reply {
    if (method === AMQP.basicGet) return this.#watchGet(channel, fields, reply);
    if (method !== AMQP.basicConsume && method !== AMQP.basicRecover) return reply;
    const answered = this.guarded((frame: Frame) => {
      const state = channelState(channel, this.#metrics);
      if (method === AMQP.basicRecover) state.givenBack('recover');
      else state.consumers.set(frame.fields.consumerTag, consumerOf(fields));
    });
    return (error, frame) => {
      if (error === null && frame) answered(frame);
      return reply(error, frame);
    };
  }

  #watchGet(channel: AmqpChannel, fields: Fields, reply: Reply): Reply {
    const startedAt = performance.now();
    const span = this.#metrics.captureSpan();
    const answered = this.guarded(({ error, frame }: { error: unknown; frame: Frame | undefined }) => {
      const consumer = consumerOf(fields);
      const type = error === null ? undefined : closeReason(error);
      this.#metrics.ended('get', consumer.queue, type, secondsSince(startedAt), span);
      if (frame?.id === AMQP.basicGetOk)
        channelState(channel, this.#metrics).delivered('get', consumer, frame.fields.deliveryTag);
    });
    return (error, frame) => {
      answered({ error, frame });
      return reply(error, frame);
    };
  }

  #accepted(channel: AmqpChannel, { id, fields }: Frame): void {
    try {
      if (id === AMQP.basicAck) knownChannelState(channel)?.confirmed(undefined, fields.deliveryTag, fields.multiple);
      else if (id === AMQP.basicNack)
        knownChannelState(channel)?.confirmed('nack', fields.deliveryTag, fields.multiple);
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

  /** @returns where there are spans: what the message is processed in, and what is to be called when the consumer returns */
  #delivered(
    channel: AmqpChannel,
    fields: Fields,
    message: Message,
  ): { context: Context; returned: () => void } | undefined {
    try {
      const state = channelState(channel, this.#metrics);
      const consumer = state.consumers.get(fields.consumerTag) ?? UNKNOWN_CONSUMER;
      const begun = this.#spans?.processed(serverOf(channel.connection), consumer.queue, fields, message);
      state.delivered('consume', consumer, fields.deliveryTag, begun?.span, ageOf(message.properties));
      if (!begun) return undefined;
      return {
        context: begun.context,
        returned: () => {
          if (consumer.noAck && begun.span.isRecording()) endAmqpSpan(begun.span, undefined);
        },
      };
    } catch (failure) {
      this.failed(failure);
      return undefined;
    }
  }
}
