import type pg from 'pg';
import { until } from './until.ts';

/** Locks a payment's row from outside, so that requests which change it wait in the service until `release`. */
export async function lockPayment(database: pg.Pool, id: string) {
  const client = await database.connect();
  await client.query('BEGIN');
  await client.query('SELECT 1 FROM payments WHERE id = $1 FOR UPDATE', [id]);
  return {
    /** Resolves once that many requests wait for the lock. */
    waiting: (count: number) =>
      until(`${count} requests wait for the payment`, async () => {
        const { rows } = await database.query(
          `SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = 'payments' AND wait_event_type = 'Lock'`,
        );
        return rows[0].waiting === count;
      }),
    async release() {
      await client.query('COMMIT');
      client.release();
    },
  };
}
