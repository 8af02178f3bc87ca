import { context, type Span } from '@opentelemetry/api';
import { type AmqpChannel, channelState, secondsSince } from './amqp-channel.ts';
import { amqpErrorType, destinationName } from './amqp-protocol.ts';
import { serverOf } from './amqp-server.ts';
import { type AmqpSpans, endAmqpSpan, type PublishOptions } from './amqp-spans.ts';
import type { MessagingMetrics } from './messaging-metrics.ts';
import type { Method } from './patch.ts';

/** What is remembered of a message while it is published. */
interface Publish {
  readonly destination: string | undefined;
  readonly startedAt: number;
  readonly options: PublishOptions | undefined;
  readonly span: Span | undefined;
}

/** Measures the messages that are published, up to the broker's confirmation where there is one, and makes their spans. */
export class AmqpPublishing {
  readonly #metrics: MessagingMetrics;
  readonly #spans: AmqpSpans | undefined;
  readonly #failed: (error: unknown) => void;

  /** @param spans undefined where none are made */
  constructor(metrics: MessagingMetrics, spans: AmqpSpans | undefined, failed: (error: unknown) => void) {
    this.#metrics = metrics;
    this.#spans = spans;
    this.#failed = failed;
  }

  /** Wraps `Channel.prototype.publish`. */
  publishing(original: Method): Method {
    const begin = (channel: AmqpChannel, to: unknown, key: unknown, content: unknown, options?: PublishOptions) =>
      this.#begin(channel, to, key, content, options);
    const ended = (channel: AmqpChannel, publish: Publish, error?: unknown) => this.#ended(channel, publish, error);
    return function publish(this: AmqpChannel, to: unknown, key: unknown, content: unknown, options?: PublishOptions) {
      const begun = begin(this, to, key, content, options);
      let result: unknown;
      try {
        result = original.call(this, to, key, content, begun.options);
      } catch (error) {
        ended(this, begun, error ?? new Error());
        throw error;
      }
      ended(this, begun);
      return result;
    };
  }

  /** Wraps `ConfirmChannel.prototype.publish`: what the broker has confirmed is called back where a socket is read. */
  confirming(original: Method): Method {
    const hasSpans = this.#spans !== undefined;
    return function publish(
      this: AmqpChannel,
      to: unknown,
      key: unknown,
      content: unknown,
      options: unknown,
      done: unknown,
    ) {
      const confirmed = hasSpans && typeof done === 'function' ? context.bind(context.active(), done) : done;
      return original.call(this, to, key, content, options, confirmed);
    };
  }

  #begin(
    channel: AmqpChannel,
    to: unknown,
    key: unknown,
    content: unknown,
    options: PublishOptions | undefined,
  ): Publish {
    const startedAt = performance.now();
    try {
      const exchange = String(to ?? '');
      const routingKey = String(key ?? '');
      const destination = destinationName(exchange, routingKey);
      const begun = this.#spans?.published(serverOf(channel.connection), exchange, routingKey, content, options);
      return { destination, startedAt, options: begun ? begun.options : options, span: begun?.span };
    } catch (error) {
      this.#failed(error);
      return { destination: undefined, startedAt, options, span: undefined };
    }
  }

  #ended(channel: AmqpChannel, { destination, startedAt, span }: Publish, error: unknown): void {
    try {
      const exemplar = this.#metrics.captureSpan(span);
      if (error === undefined && channel.waitForConfirms) {
        channelState(channel, this.#metrics).published(destination, startedAt, exemplar, span);
        return;
      }
      const type = error === undefined ? undefined : amqpErrorType(error);
      this.#metrics.ended('publish', destination, type, secondsSince(startedAt), exemplar);
      if (span) endAmqpSpan(span, type);
    } catch (failure) {
      this.#failed(failure);
    }
  }
}
