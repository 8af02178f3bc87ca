import { randomUUID } from 'node:crypto';
import { type Cache, type Database, Problem } from '@payments/service-kit';
import type { ClientBase } from 'pg';
import { claimKey, requestHash } from './idempotency.ts';
import type { Outbox } from './outbox.ts';
import type { Payment } from './payment.ts';
import { findPayment, insertPayment, insertRefund, lockPayment, savePayment } from './payment-store.ts';
import { cancel, capture, refund } from './state-machine.ts';

const cacheSeconds = 30;
const cacheKey = (id: string) => `payment:${id}`;

export interface NewPayment {
  /** Minor units. */
  amount: number;
  currency: string;
  description?: string | undefined;
  /** Whether it is captured at once. */
  capture: boolean;
}

/** A payment, and whether this request did the work or an earlier one with the same key had done it. */
export interface KeyedResult {
  payment: Payment;
  replayed: boolean;
}

/**
 * What a user can do with payments. Changes are made in a transaction with the row locked, which puts them into the
 * outbox too; the cache is told after the commit. Somebody else's payment does not exist: 404. The state machine's and
 * the key's errors come through as thrown.
 */
export class Payments {
  readonly #database: Database;
  readonly #cache: Cache;
  readonly #outbox: Outbox;

  constructor(database: Database, cache: Cache, outbox: Outbox) {
    this.#database = database;
    this.#cache = cache;
    this.#outbox = outbox;
  }

  /** Creates a payment, or answers the one that the same key and input made before. */
  create(userId: string, key: string, input: NewPayment): Promise<KeyedResult> {
    const { amount, currency, description = null } = input;
    const id = randomUUID();
    const hash = requestHash('create', amount, currency, description, input.capture);
    return this.#transaction(async (transaction) => {
      const earlier = await claimKey(transaction, { userId, key, hash, paymentId: id });
      if (earlier) return { payment: await existing(transaction, earlier), replayed: true };
      const state = input.capture ? 'captured' : 'authorized';
      const payment = await insertPayment(transaction, { id, userId, amount, currency, state, description });
      await this.#outbox.add(transaction, payment);
      return { payment, replayed: false };
    });
  }

  async get(userId: string, id: string): Promise<Payment> {
    const payment = await this.#cache.readThrough(cacheKey(id), cacheSeconds, () =>
      findPayment(this.#database.pool, id),
    );
    // The cache is shared by all users, so whose payment it is must be asked after it.
    if (payment?.userId !== userId) throw noSuchPayment(id);
    return payment;
  }

  capture(userId: string, id: string): Promise<Payment> {
    return this.#change(userId, id, capture);
  }

  cancel(userId: string, id: string): Promise<Payment> {
    return this.#change(userId, id, cancel);
  }

  /** Gives `amount` minor units back (default: all that is left), once for each key. */
  async refund(userId: string, id: string, key: string, amount?: number): Promise<KeyedResult> {
    const hash = requestHash('refund', id, amount ?? null);
    const result = await this.#transaction(async (transaction) => {
      const earlier = await claimKey(transaction, { userId, key, hash, paymentId: id });
      if (earlier) return { payment: await existing(transaction, earlier), replayed: true };
      const before = await lockPayment(transaction, id, userId);
      if (!before) throw noSuchPayment(id);
      const { payment: after, refunded } = refund(before, amount);
      await insertRefund(transaction, id, refunded);
      return { payment: await this.#save(transaction, after), replayed: false };
    });
    // After a replay too: the first try may have ended between its commit and this line.
    await this.#cache.invalidate(cacheKey(id));
    return result;
  }

  async #change(userId: string, id: string, operation: (payment: Payment) => Payment): Promise<Payment> {
    const payment = await this.#transaction(async (transaction) => {
      const before = await lockPayment(transaction, id, userId);
      if (!before) throw noSuchPayment(id);
      return this.#save(transaction, operation(before));
    });
    await this.#cache.invalidate(cacheKey(id));
    return payment;
  }

  async #transaction<T>(work: (transaction: ClientBase) => Promise<T>): Promise<T> {
    const result = await this.#database.transaction(work);
    this.#outbox.wake();
    return result;
  }

  async #save(transaction: ClientBase, payment: Payment): Promise<Payment> {
    const saved = await savePayment(transaction, payment);
    await this.#outbox.add(transaction, saved);
    return saved;
  }
}

/** The payment that an idempotency key points to; its foreign key guarantees that there is one. */
async function existing(...of: Parameters<typeof findPayment>): Promise<Payment> {
  return (await findPayment(...of)) as Payment;
}

const noSuchPayment = (id: string) => new Problem(404, `there is no payment ${id}`);
