import { setTimeout as delay } from 'node:timers/promises';
import {
  type BusRole,
  type Database,
  declarePaymentQueues,
  type Logger,
  openChannel,
  type PaymentEvent,
  paymentsExchange,
} from '@payments/service-kit';
import type { ConfirmChannel } from 'amqplib';
import type { ClientBase } from 'pg';
import type { Payment } from './payment.ts';

const batchSize = 100;
/** For what another instance has left: of its own changes each instance knows. */
const pollMs = 5_000;

type Row = Omit<PaymentEvent, 'at'> & { at: Date };

/**
 * The events of payments on their way to RabbitMQ. They are committed with the change that they tell of, and deleted in a
 * transaction that ends when RabbitMQ has confirmed them: each is published at least once, whatever fails in between.
 * Instances share the work: what one of them is publishing, the others skip.
 */
export class Outbox {
  readonly #database: Database;
  readonly #logger: Logger;
  #sleep = new AbortController();

  constructor(database: Database, logger: Logger) {
    this.#database = database;
    this.#logger = logger;
  }

  /** Writes that the payment has come to its state, in the transaction of that change. */
  async add(transaction: ClientBase, payment: Payment): Promise<void> {
    await transaction.query('INSERT INTO outbox (type, payment) VALUES ($1, $2)', [
      `payment.${payment.state}`,
      payment,
    ]);
  }

  /** Publishes what waits. Call it after a commit. */
  wake(): void {
    this.#sleep.abort();
  }

  /** Publishes, while there is a connection, what waits and what is added. */
  readonly relay: BusRole = async (connection) => {
    const channel = await openChannel(connection, this.#logger);
    await declarePaymentQueues(channel);
    let ended = false;
    const end = () => {
      ended = true;
      this.wake();
    };
    channel.on('close', end);
    const relaying = this.#relay(channel, () => ended);
    return () => {
      end();
      return relaying;
    };
  };

  async #relay(channel: ConfirmChannel, ended: () => boolean): Promise<void> {
    while (!ended()) {
      // Made before the look into the table: who wakes the relay while it looks has not waked it in vain.
      this.#sleep = new AbortController();
      const { signal } = this.#sleep;
      const published = await this.#publishBatch(channel).catch((error: unknown) => {
        if (!ended()) this.#logger.warn({ err: error }, 'events could not be published; they wait');
        return 0;
      });
      if (published < batchSize && !ended()) await delay(pollMs, undefined, { signal }).catch(() => {});
    }
  }

  /** @returns how many events it was */
  #publishBatch(channel: ConfirmChannel): Promise<number> {
    return this.#database.transaction(async (transaction) => {
      const { rows } = await transaction.query<Row>(
        `DELETE FROM outbox WHERE sequence IN
           (SELECT sequence FROM outbox ORDER BY sequence LIMIT $1 FOR UPDATE SKIP LOCKED)
         RETURNING sequence, id, type, at, payment`,
        [batchSize],
      );
      rows.sort((one, other) => one.sequence - other.sequence);
      await Promise.all(rows.map((row) => publish(channel, { ...row, at: row.at.toISOString() })));
      return rows.length;
    });
  }
}

/** Resolves when RabbitMQ has the event on its disk. */
function publish(channel: ConfirmChannel, event: PaymentEvent): Promise<void> {
  return new Promise((resolve, reject) => {
    const options = {
      persistent: true,
      contentType: 'application/json',
      type: event.type,
      messageId: event.id,
      // What concerns one payment is one conversation.
      correlationId: event.payment.id,
      // AMQP has whole seconds.
      timestamp: Math.floor(Date.parse(event.at) / 1_000),
    };
    const content = Buffer.from(JSON.stringify(event));
    channel.publish(paymentsExchange, event.type, content, options, (error) => (error ? reject(error) : resolve()));
  });
}
