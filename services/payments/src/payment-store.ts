import type { Position } from '@payments/service-kit';
import type { ClientBase, Pool } from 'pg';
import { minorUnits } from './money.ts';
import { type Payment, type PaymentRow, toPayment } from './payment.ts';
import type { State } from './state-machine.ts';

type Connection = Pool | ClientBase;

/** Which payments, newest first. `limit` is the largest number of rows. */
export interface PageQuery {
  userId?: string | undefined;
  state?: State | undefined;
  after?: Position | undefined;
  limit: number;
}

/** What was made on one day (UTC) in one currency and stands in one state now; sums in minor units. */
export interface Total {
  day: string;
  state: State;
  currency: string;
  count: number;
  amount: number;
  refunded: number;
}

type NewPayment = Pick<Payment, 'id' | 'userId' | 'amount' | 'currency' | 'state' | 'description'>;

export async function insertPayment(connection: Connection, payment: NewPayment): Promise<Payment> {
  const { rows } = await connection.query<PaymentRow>(
    `INSERT INTO payments (id, user_id, amount, currency, state, description)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING *`,
    [payment.id, payment.userId, payment.amount, payment.currency, payment.state, payment.description],
  );
  return toPayment(rows[0] as PaymentRow);
}

export async function findPayment(connection: Connection, id: string): Promise<Payment | undefined> {
  const { rows } = await connection.query<PaymentRow>('SELECT * FROM payments WHERE id = $1', [id]);
  return rows[0] && toPayment(rows[0]);
}

/** The payment of this user, locked against every other change until the transaction ends. */
export async function lockPayment(transaction: ClientBase, id: string, userId: string): Promise<Payment | undefined> {
  const { rows } = await transaction.query<PaymentRow>(
    'SELECT * FROM payments WHERE id = $1 AND user_id = $2 FOR UPDATE',
    [id, userId],
  );
  return rows[0] && toPayment(rows[0]);
}

/** Writes what the state machine may change. The row must be locked by `lockPayment`. */
export async function savePayment(transaction: ClientBase, payment: Payment): Promise<Payment> {
  const { rows } = await transaction.query<PaymentRow>(
    `UPDATE payments SET state = $2, refunded_amount = $3, updated_at = clock_timestamp() WHERE id = $1 RETURNING *`,
    [payment.id, payment.state, payment.refundedAmount],
  );
  return toPayment(rows[0] as PaymentRow);
}

export async function insertRefund(transaction: ClientBase, paymentId: string, amount: number): Promise<void> {
  await transaction.query('INSERT INTO refunds (payment_id, amount) VALUES ($1, $2)', [paymentId, amount]);
}

export async function pageOfPayments(connection: Connection, query: PageQuery): Promise<Payment[]> {
  const conditions: string[] = [];
  const values: unknown[] = [];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  if (query.userId !== undefined) conditions.push(`user_id = ${parameter(query.userId)}`);
  if (query.state !== undefined) conditions.push(`state = ${parameter(query.state)}`);
  if (query.after) {
    const { createdAt, id } = query.after;
    conditions.push(`(created_at, id) < (${parameter(new Date(createdAt))}, ${parameter(id)})`);
  }
  const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : '';
  const { rows } = await connection.query<PaymentRow>(
    `SELECT * FROM payments ${where} ORDER BY created_at DESC, id DESC LIMIT ${parameter(query.limit)}`,
    values,
  );
  return rows.map(toPayment);
}

/** Totals of the payments made from the day `from` to the day `to` (UTC, `YYYY-MM-DD`, both included). */
export async function totalsByDay(connection: Connection, from: string, to: string): Promise<Total[]> {
  const { rows } = await connection.query<Omit<Total, 'amount' | 'refunded'> & { amount: string; refunded: string }>(
    `SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS day, state, currency,
            count(*) AS count, sum(amount) AS amount, sum(refunded_amount) AS refunded
     FROM payments
     WHERE created_at >= $1::date::timestamp AT TIME ZONE 'UTC'
       AND created_at < ($2::date + 1)::timestamp AT TIME ZONE 'UTC'
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
    [from, to],
  );
  return rows.map((row) => ({ ...row, amount: minorUnits(row.amount), refunded: minorUnits(row.refunded) }));
}
