import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Answer, accessToken, type Call, call } from './api-client.ts';

/** A user of the payments service who needs no account: what they may do at `url()`. */
export class Payer {
  readonly id = randomUUID();
  readonly #token: string;
  readonly #url: () => string;

  /** @param url asked for each request, because a service that was started again has another one */
  constructor(url: () => string, secret: string) {
    this.#url = url;
    this.#token = accessToken(secret, { sub: this.id, role: 'user' });
  }

  call(path: string, options: Call = {}): Promise<Answer> {
    return call(`${this.#url()}${path}`, { token: this.#token, ...options });
  }

  get(path: string): Promise<Answer> {
    return this.call(path);
  }

  /** POST with an idempotency key; a new one when none is given. */
  post(path: string, body?: unknown, key: string = randomUUID()): Promise<Answer> {
    return this.call(path, { method: 'POST', body, headers: { 'idempotency-key': key } });
  }

  /** The id of a new payment of 1000 EUR cents in the given state. */
  async payment(state: 'authorized' | 'captured' | 'partially_refunded' | 'refunded' | 'canceled'): Promise<string> {
    const capture = state !== 'authorized' && state !== 'canceled';
    const { body } = await this.post('/payments', { amount: 1000, currency: 'EUR', capture });
    const path = `/payments/${body.id}`;
    if (state === 'partially_refunded') await this.post(`${path}/refunds`, { amount: 400 });
    if (state === 'refunded') await this.post(`${path}/refunds`);
    if (state === 'canceled') await this.post(`${path}/cancel`);
    return body.id;
  }
}

/** How many refunds of the payment the database holds, and their sum in minor units. */
export async function refundsOf(database: pg.Pool, paymentId: string): Promise<{ count: number; sum: number }> {
  const { rows } = await database.query(
    'SELECT count(*)::int AS count, coalesce(sum(amount), 0)::int AS sum FROM refunds WHERE payment_id = $1',
    [paymentId],
  );
  return rows[0];
}

/** The answers' statuses in ascending order. */
export const statuses = (answers: Answer[]) => answers.map(({ status }) => status).sort();
