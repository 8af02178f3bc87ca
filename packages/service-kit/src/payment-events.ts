import type { Channel, Message } from 'amqplib';
import { z } from 'zod';

const paymentEvent = z.object({
  id: z.guid(),
  sequence: z.int(),
  type: z.string(),
  at: z.iso.datetime(),
  payment: z.object({
    id: z.guid(),
    userId: z.string(),
    amount: z.int(),
    currency: z.string(),
    state: z.string(),
    refundedAmount: z.int(),
    description: z.string().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  }),
});

/**
 * A payment has changed: `type` is `payment.<state>`, `payment` what the API showed then. An event may come more than once,
 * with the same `id`, and events out of order: of two of one payment, the later has the higher `sequence`.
 */
export type PaymentEvent = z.infer<typeof paymentEvent>;

export const paymentsExchange = 'payments';

const subscribers = ['profile', 'admin'] as const;
export type Subscriber = (typeof subscribers)[number];
export const queueOf = (subscriber: Subscriber) => `${subscriber}.payments`;

/** How often the broker hands a message out again before it goes to the queue of the dead. */
export const moreTries = 5;

/**
 * The exchange and the queues of all subscribers. Publishers and subscribers declare the whole, so that whoever comes first,
 * no event misses a queue that is not there yet.
 */
export async function declarePaymentQueues(channel: Channel): Promise<void> {
  const durable = (queue: string, options: object) =>
    channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'quorum', ...options } });
  await channel.assertExchange(paymentsExchange, 'topic', { durable: true });
  for (const queue of subscribers.map(queueOf)) {
    const dead = `${queue}.dead`;
    await durable(dead, {});
    await durable(queue, {
      'x-delivery-limit': moreTries,
      'x-dead-letter-exchange': '',
      'x-dead-letter-routing-key': dead,
    });
    await channel.bindQueue(queue, paymentsExchange, '#');
  }
}

/** The event of a message; undefined where it is none. */
export function parsePaymentEvent({ content }: Message): PaymentEvent | undefined {
  try {
    return paymentEvent.parse(JSON.parse(content.toString()));
  } catch {
    return undefined;
  }
}
