import type { Database, PaymentEvent } from '@payments/service-kit';

/** What a user has paid in one currency; amounts in minor units. */
export interface PaymentSums {
  currency: string;
  count: number;
  captured: number;
  refunded: number;
  lastChangeAt: Date;
}

/** What profile knows of payments: a copy of each, kept by events. */
export class PaymentStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** An event that came before, or that a later one has overtaken, changes nothing. */
  async take({ sequence, payment }: PaymentEvent): Promise<void> {
    await this.#database.query(
      `INSERT INTO payments (id, sequence, user_id, currency, state, amount, refunded_amount, updated_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
       ON CONFLICT (id) DO UPDATE SET
         sequence = excluded.sequence,
         state = excluded.state,
         refunded_amount = excluded.refunded_amount,
         updated_at = excluded.updated_at
       WHERE payments.sequence < excluded.sequence`,
      [
        ...[payment.id, sequence, payment.userId, payment.currency, payment.state],
        ...[payment.amount, payment.refundedAmount, payment.updatedAt],
      ],
    );
  }

  /** By currency, in the order of its code. */
  sumsOf(userId: string): Promise<PaymentSums[]> {
    return this.#database.query<PaymentSums>(
      `SELECT currency,
              count(*) AS count,
              coalesce(sum(amount) FILTER (WHERE state NOT IN ('authorized', 'canceled')), 0)::bigint AS captured,
              sum(refunded_amount)::bigint AS refunded,
              max(updated_at) AS "lastChangeAt"
       FROM payments WHERE user_id = $1 GROUP BY currency ORDER BY currency`,
      [userId],
    );
  }
}
