import { freePort, startRabbitmq, throwAwayFolder } from '@payments/local-stack';
import { type Channel, type ConsumeMessage, connect } from 'amqplib';

/** A RabbitMQ that a test may take away from the services and bring back under the same URL. Stop it at the end. */
export async function ownRabbitmq() {
  const folder = throwAwayFolder();
  const port = await freePort();
  const start = () => startRabbitmq({ dataDir: folder.path, port });
  let server = await start();
  return {
    url: server.url,
    takeAway: () => server.stop(),
    async bringBack() {
      server = await start();
    },
    async stop() {
      await server.stop();
      folder.remove();
    },
    /** Uses a channel of the test's own, on a connection of its own. */
    async onChannel<T>(use: (channel: Channel) => Promise<T>): Promise<T> {
      const connection = await connect(server.url);
      try {
        return await use(await connection.createConfirmChannel());
      } finally {
        await connection.close();
      }
    },
  };
}

export type OwnRabbitmq = Awaited<ReturnType<typeof ownRabbitmq>>;

/** All that comes to the exchange of payments from now on, until the channel is closed. */
export async function overhear(channel: Channel): Promise<ConsumeMessage[]> {
  const heard: ConsumeMessage[] = [];
  const { queue } = await channel.assertQueue('', { exclusive: true });
  await channel.bindQueue(queue, 'payments', '#');
  await channel.consume(queue, (message) => message && heard.push(message), { noAck: true });
  return heard;
}

/** A message to all queues of payments, taken by the broker. */
export async function publish(channel: Channel, content: unknown): Promise<void> {
  const text = typeof content === 'string' ? content : JSON.stringify(content);
  channel.publish('payments', 'payment.test', Buffer.from(text), { messageId: 'of the test' });
  await (channel as unknown as { waitForConfirms(): Promise<void> }).waitForConfirms();
}

/** The event of a payment that no service has made. */
export function madeUpEvent(id: string, userId: string, payment: object = {}) {
  const at = new Date().toISOString();
  return {
    id,
    sequence: 1,
    type: 'payment.captured',
    at,
    payment: {
      ...{ id, userId, amount: 100, currency: 'EUR', state: 'captured', refundedAmount: 0, description: null },
      ...{ createdAt: at, updatedAt: at },
      ...payment,
    },
  };
}
