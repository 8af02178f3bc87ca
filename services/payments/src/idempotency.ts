import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';

/** The key was used before for a different request. */
export class KeyReused extends Error {
  constructor(key: string) {
    super(`The Idempotency-Key "${key}" was used for a different request; take a new key for a new request`);
    this.name = 'KeyReused';
  }
}

/** SHA-256 over what makes two requests the same: the operation and its validated input, defaults filled in. */
export function requestHash(operation: string, ...input: readonly (string | number | boolean | null)[]): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([operation, ...input]))
    .digest();
}

/** A user's key for one request and the payment that the request makes or changes. */
export interface Claim {
  userId: string;
  key: string;
  hash: Buffer;
  paymentId: string;
}

/**
 * Takes the key for this transaction. While another transaction holds the same key, waits for its end.
 * Answers undefined when the key is ours now, or the payment's id when the same request was done before.
 * Throws KeyReused when the key belongs to a different request.
 */
export async function claimKey(transaction: ClientBase, claim: Claim): Promise<string | undefined> {
  const { userId, key, hash, paymentId } = claim;
  const { rowCount } = await transaction.query(
    `INSERT INTO idempotency_keys (user_id, key, request_hash, payment_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (user_id, key) DO NOTHING`,
    [userId, key, hash, paymentId],
  );
  if (rowCount === 1) return undefined;
  const { rows } = await transaction.query<{ request_hash: Buffer; payment_id: string }>(
    'SELECT request_hash, payment_id FROM idempotency_keys WHERE user_id = $1 AND key = $2',
    [userId, key],
  );
  const earlier = rows[0];
  if (!earlier?.request_hash.equals(hash)) throw new KeyReused(key);
  return earlier.payment_id;
}
