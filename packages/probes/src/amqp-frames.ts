import type { Consumer } from './amqp-channel.ts';
import { amqpErrorType, destinationName, replyName } from './amqp-protocol.ts';

/** A method of the protocol on its way. */
export interface Frame {
  readonly id: number;
  readonly fields: Fields;
}

/** Those of all methods that are looked at; each has some of them. */
export interface Fields {
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

/** What takes the answer to a request. */
export type Reply = (error: unknown, frame?: Frame) => unknown;

/** Who asks for the messages of a queue. */
export function consumerOf({ queue, noAck }: Fields): Consumer {
  return { queue: destinationName('', queue), noAck };
}

/** Of a request that was refused: the broker's close of the channel is an answer, too. */
export function closeReason(error: unknown): string {
  const { fields } = error as Partial<Frame>;
  return fields ? replyName(fields.replyCode) : amqpErrorType(error);
}
