import type { Database, PaymentEvent, Position } from '@payments/service-kit';

/** One change of anybody's payment, at the time (ISO 8601) that it was made; amounts in minor units. */
export interface Activity {
  id: string;
  at: string;
  type: string;
  paymentId: string;
  userId: string;
  amount: number;
  refundedAmount: number;
  currency: string;
}

/** An event that came before is not added again. */
export async function addActivity(database: Database, { id, at, type, payment }: PaymentEvent): Promise<void> {
  await database.query(
    `INSERT INTO activity (id, at, type, payment_id, user_id, amount, refunded_amount, currency)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING`,
    [id, at, type, payment.id, payment.userId, payment.amount, payment.refundedAmount, payment.currency],
  );
}

/** At most `limit` changes, newest first, from behind the position. */
export async function pageOfActivity(database: Database, limit: number, after?: Position): Promise<Activity[]> {
  const rows = await database.query<Omit<Activity, 'at'> & { at: Date }>(
    `SELECT id, at, type, payment_id AS "paymentId", user_id AS "userId", amount,
            refunded_amount AS "refundedAmount", currency
     FROM activity ${after ? 'WHERE (at, id) < ($2, $3)' : ''} ORDER BY at DESC, id DESC LIMIT $1`,
    after ? [limit, new Date(after.createdAt), after.id] : [limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
