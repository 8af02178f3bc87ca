import {
  type Attributes,
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type TextMapGetter,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { destinationName } from './amqp-protocol.ts';
import type { AmqpServer } from './amqp-server.ts';
import { isLeftOut } from './left-out.ts';
import { LIGHT_ROOT } from './light-context.ts';

/** What a message is sent to, by which queue it came, and what of it is no content. */
interface Envelope {
  readonly exchange: string;
  readonly routingKey: string;
  readonly queue?: string | undefined;
  readonly messageId?: unknown;
  readonly correlationId?: unknown;
  /** In bytes. */
  readonly size?: number | undefined;
  readonly deliveryTag?: number;
}

export interface PublishOptions {
  readonly headers?: object;
  readonly messageId?: unknown;
  readonly correlationId?: unknown;
}

/** A message as amqplib gives it to a consumer. */
export interface Message {
  readonly properties: PublishOptions & { readonly timestamp?: unknown };
  readonly content?: { readonly length?: number };
}

type Headers = Readonly<Record<string, unknown>>;

const headersOf: TextMapGetter<Headers> = {
  get: (headers, name) => (typeof headers[name] === 'string' ? headers[name] : undefined),
  keys: Object.keys,
};

/** The spans of messages that are published and processed (semantic conventions, "RabbitMQ"). */
export class AmqpSpans {
  readonly #tracer: () => Tracer;

  /** @param tracer asked at each message: there is none before the SDK has started */
  constructor(tracer: () => Tracer) {
    this.#tracer = tracer;
  }

  /**
   * Begins the span of a message that is published, and puts into its headers which span that is, or the decision that there is
   * none.
   *
   * @returns the options to publish with, and the span, undefined where nothing is recorded
   */
  published(
    server: AmqpServer | undefined,
    exchange: string,
    routingKey: string,
    content: unknown,
    options: PublishOptions | undefined,
  ): { options: PublishOptions | undefined; span: Span | undefined } {
    const active = context.active();
    if (isLeftOut(active)) return { options: withHeaders(options, active), span: undefined };
    const { messageId, correlationId } = options ?? {};
    const size = (content as { readonly length?: number } | undefined)?.length;
    const attributes = attributesOf('publish', 'send', server, {
      exchange,
      routingKey,
      messageId,
      correlationId,
      size,
    });
    const name = spanName('publish', destinationName(exchange, routingKey));
    const span = this.#tracer().startSpan(name, { kind: SpanKind.PRODUCER, attributes }, active);
    return {
      options: withHeaders(options, trace.setSpan(active, span)),
      span: span.isRecording() ? span : undefined,
    };
  }

  /**
   * Begins the span of a message that is processed, below the one that its headers name.
   *
   * @param queue as it is in metrics
   * @returns what the message is processed in, with the span or with the decision that there is none
   */
  processed(
    server: AmqpServer | undefined,
    queue: string | undefined,
    fields: { readonly exchange: string; readonly routingKey: string; readonly deliveryTag: number },
    { properties, content }: Message,
  ): { context: Context; span: Span } {
    const parent = propagation.extract(LIGHT_ROOT, (properties.headers ?? {}) as Headers, headersOf);
    const { messageId, correlationId } = properties;
    const { exchange, routingKey, deliveryTag } = fields;
    const span = this.#tracer().startSpan(spanName('process', queue), { kind: SpanKind.CONSUMER }, parent);
    if (span.isRecording()) {
      const size = content?.length;
      const envelope = { exchange, routingKey, queue, messageId, correlationId, size, deliveryTag };
      span.setAttributes(attributesOf('process', 'process', server, envelope));
    }
    return { context: trace.setSpan(parent, span), span };
  }
}

/** @param error what `error.type` is to say; undefined for a message that was taken or processed */
export function endAmqpSpan(span: Span, error: string | undefined): void {
  if (error !== undefined) span.setAttribute('error.type', error).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

function spanName(operation: string, destination: string | undefined): string {
  return destination === undefined ? operation : `${operation} ${destination}`;
}

/** The service's own options and headers stay as they are: those that are sent are derived from them. */
function withHeaders(options: PublishOptions | undefined, from: Context): PublishOptions | undefined {
  const injected: Record<string, string> = {};
  propagation.inject(from, injected);
  const entries = Object.entries(injected);
  if (entries.length === 0) return options;
  return derived(options, [['headers', derived(options?.headers, entries)]]);
}

/** amqplib reads what is inherited, too. */
function derived(from: object | undefined, entries: [string, unknown][]): object {
  const object = Object.create(from ?? null);
  for (const [name, value] of entries) Object.defineProperty(object, name, { value, enumerable: true });
  return object;
}

function attributesOf(operation: string, type: string, server: AmqpServer | undefined, envelope: Envelope): Attributes {
  const { exchange, routingKey, queue, messageId, correlationId, size, deliveryTag } = envelope;
  const parts = [exchange, routingKey, queue === routingKey ? undefined : queue];
  return {
    'messaging.system': 'rabbitmq',
    'messaging.operation.name': operation,
    'messaging.operation.type': type,
    'messaging.destination.name': parts.filter(Boolean).join(':') || 'amq.default',
    'messaging.rabbitmq.destination.routing_key': routingKey || undefined,
    'messaging.rabbitmq.message.delivery_tag': deliveryTag,
    'messaging.message.id': text(messageId),
    'messaging.message.conversation_id': text(correlationId),
    'messaging.message.body.size': size,
    'server.address': server?.address,
    'server.port': server?.port,
  };
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null || value === '' ? undefined : String(value);
}
