import { setTimeout as delay } from 'node:timers/promises';
import type { ConsumeMessage } from 'amqplib';
import { type BusRole, beginAnew, openChannel } from './bus.ts';
import type { Logger } from './logger.ts';
import {
  declarePaymentQueues,
  moreTries,
  type PaymentEvent,
  parsePaymentEvent,
  paymentsExchange,
  queueOf,
  type Subscriber,
} from './payment-events.ts';
import type { Resource } from './resource.ts';

const handledAtOnce = 20;
const firstDelayMs = 200;
const outageDelayMs = 1_000;

export interface Subscription {
  subscriber: Subscriber;
  /** Must leave the same when it is called again with the same event. */
  handle: (event: PaymentEvent) => Promise<unknown>;
  /** While this does not answer, a message that failed is held and not tried again: an outage is no fault of a message. */
  needs: Resource;
  logger: Logger;
}

/**
 * Takes each event at least once, from a queue that keeps them while the service is away. A message that fails is tried
 * again, after 200 ms and then twice as long each time; after five more tries, or at once when it is no event, it goes to
 * `<queue>.dead`.
 */
export function subscribeToPayments({ subscriber, handle, needs, logger }: Subscription): BusRole {
  const queue = queueOf(subscriber);
  return async (connection) => {
    const channel = await openChannel(connection, logger);
    const ending = new AbortController();
    const running = new Set<Promise<void>>();
    await declarePaymentQueues(channel);
    await channel.prefetch(handledAtOnce);

    const settle = async (message: ConsumeMessage): Promise<void> => {
      const { messageId, headers } = message.properties;
      const event = parsePaymentEvent(message);
      if (event === undefined) {
        logger.error({ messageId }, `a message is no event of a payment; it goes to ${queue}.dead`);
        return channel.reject(message, false);
      }
      const failure = await handle(event).then(
        () => undefined,
        (error: unknown) => ({ error }),
      );
      if (failure === undefined) return channel.ack(message);
      const tries = Number(headers?.['x-delivery-count'] ?? 0);
      const next = tries < moreTries ? 'is tried again' : `goes to ${queue}.dead`;
      logger.error({ err: failure.error, messageId, tries: tries + 1 }, `an event could not be handled; it ${next}`);
      await delay(firstDelayMs * 2 ** tries, undefined, { signal: ending.signal });
      while (!(await answers(needs))) await delay(outageDelayMs, undefined, { signal: ending.signal });
      // RabbitMQ 4.3 counts as a try what is rejected, and no longer what is not acknowledged.
      channel.reject(message, true);
    };

    const { consumerTag } = await channel.consume(queue, (message) => {
      if (message === null) return beginAnew(connection);
      // What cannot be settled any more, because the channel is gone or is ending, comes again.
      const work = settle(message)
        .catch((error) => logger.debug({ err: error }, 'a message was not settled; it comes again'))
        .finally(() => running.delete(work));
      running.add(work);
    });
    return async () => {
      await channel.cancel(consumerTag);
      ending.abort();
      await Promise.all(running);
      // The end of the connection could overtake the last acknowledgement; that of the channel cannot.
      await channel.close();
    };
  };
}

/** Calls back with each event while there is a connection, in every instance that watches. Nothing is kept for it. */
export function watchPayments(handle: (event: PaymentEvent) => void, logger: Logger): BusRole {
  return async (connection) => {
    const channel = await openChannel(connection, logger);
    await declarePaymentQueues(channel);
    const { queue } = await channel.assertQueue('', { exclusive: true, maxLength: 10_000 });
    await channel.bindQueue(queue, paymentsExchange, '#');
    const take = (message: ConsumeMessage | null) => {
      if (message === null) return beginAnew(connection);
      const event = parsePaymentEvent(message);
      if (event) handle(event);
    };
    const { consumerTag } = await channel.consume(queue, take, { noAck: true });
    return () => channel.cancel(consumerTag);
  };
}

const answers = (resource: Resource) =>
  resource.check().then(
    () => true,
    () => false,
  );
