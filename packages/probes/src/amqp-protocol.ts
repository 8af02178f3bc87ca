import { errorType } from './error-type.ts';

/** Methods of AMQP 0-9-1 by the ids that amqplib uses: the class and the method. */
export const AMQP = {
  channelClose: methodOf(20, 40),
  basicConsume: methodOf(60, 20),
  basicPublish: methodOf(60, 40),
  basicReturn: methodOf(60, 50),
  basicGet: methodOf(60, 70),
  basicGetOk: methodOf(60, 71),
  basicAck: methodOf(60, 80),
  basicReject: methodOf(60, 90),
  basicRecover: methodOf(60, 110),
  basicNack: methodOf(60, 120),
} as const;

export function methodOf(classId: number, methodId: number): number {
  return classId * 2 ** 16 + methodId;
}

/** What a broker says by the codes of AMQP 0-9-1 and RabbitMQ. */
const REPLY_CODES: Readonly<Record<number, string>> = {
  311: 'CONTENT_TOO_LARGE',
  312: 'NO_ROUTE',
  313: 'NO_CONSUMERS',
  320: 'CONNECTION_FORCED',
  402: 'INVALID_PATH',
  403: 'ACCESS_REFUSED',
  404: 'NOT_FOUND',
  405: 'RESOURCE_LOCKED',
  406: 'PRECONDITION_FAILED',
  501: 'FRAME_ERROR',
  502: 'SYNTAX_ERROR',
  503: 'COMMAND_INVALID',
  504: 'CHANNEL_ERROR',
  505: 'UNEXPECTED_FRAME',
  506: 'RESOURCE_ERROR',
  530: 'NOT_ALLOWED',
  540: 'NOT_IMPLEMENTED',
  541: 'INTERNAL_ERROR',
};

/** What amqplib says in plain errors. */
const BY_MESSAGE: readonly (readonly [RegExp, string])[] = [
  [/^Channel (?:closed|closing|ended)/, 'channel_closed'],
  [/^(?:Connection clos|Unexpected close|Socket closed abruptly)/, 'connection_closed'],
  [/^(?:Heartbeat timeout|connect ETIMEDOUT)/, 'timeout'],
  [/^Handshake terminated by server: 403 /, 'ACCESS_REFUSED'],
];

/** Seconds of a year so distant that who gives a later one has given milliseconds. */
const YEAR_5000 = 95_617_584_000;

/**
 * Seconds since the time that the publisher gave a message (AMQP 0-9-1, "timestamp": whole seconds since 1970, though many
 * give milliseconds); undefined where it gave none. Where clocks disagree, 0 is the least.
 */
export function ageOf({ timestamp }: { readonly timestamp?: unknown }): number | undefined {
  if (typeof timestamp !== 'number') return undefined;
  const milliseconds = timestamp > YEAR_5000 ? timestamp : timestamp * 1000;
  return Math.max(0, (Date.now() - milliseconds) / 1000);
}

/** What `error.type` says of a reply code. */
export function replyName(code: number): string {
  return REPLY_CODES[code] ?? String(code);
}

/** What `error.type` says of an error of amqplib: the name of the broker's reply code, what was closed, or a code of the system. */
export function amqpErrorType(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'number') return replyName(code);
  const byMessage =
    typeof code === 'string' ? undefined : BY_MESSAGE.find(([pattern]) => pattern.test(String(message)));
  return byMessage?.[1] ?? errorType(error);
}

/**
 * The queue or exchange of an address, as a label may have it: what is sent to the default exchange goes to the queue that
 * its routing key names, and queues that the broker named are one (`amq.gen`, `amq.rabbitmq.reply-to`).
 */
export function destinationName(exchange: string, routingKey: string): string | undefined {
  const name = exchange || routingKey;
  if (!name.startsWith('amq.')) return name || undefined;
  if (name.startsWith('amq.gen-')) return 'amq.gen';
  return name.startsWith('amq.rabbitmq.reply-to') ? 'amq.rabbitmq.reply-to' : name;
}
