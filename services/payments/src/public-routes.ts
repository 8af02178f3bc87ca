import {
  authenticate,
  currentUser,
  type Database,
  Problem,
  page,
  validBody,
  validHeader,
  validQuery,
} from '@payments/service-kit';
import { type Request, type Response, Router } from 'express';
import { answerConflict } from './conflicts.ts';
import { pageOfPayments } from './payment-store.ts';
import type { KeyedResult, Payments } from './payments.ts';
import { guid, idempotencyKey, newPayment, newRefund, paymentPageQuery } from './schemas.ts';

/** `/payments`: what a user does with their own payments. */
export function publicRoutes(payments: Payments, database: Database, jwtSecret: string): Router {
  const router = Router();
  router.use(authenticate(jwtSecret));

  router.post('/', async (request, response) => {
    const key = keyOf(request);
    answer(response, await payments.create(currentUser(request).id, key, validBody(request, newPayment)));
  });

  router.get('/', async (request, response) => {
    const { cursor: after, limit, state } = validQuery(request, paymentPageQuery);
    const query = { userId: currentUser(request).id, state, after, limit: limit + 1 };
    response.json(page(await pageOfPayments(database.pool, query), limit, (payment) => payment));
  });

  router.get('/:id', async (request, response) => {
    response.json(await payments.get(currentUser(request).id, idOf(request)));
  });

  router.post('/:id/capture', async (request, response) => {
    response.json(await payments.capture(currentUser(request).id, idOf(request)));
  });

  router.post('/:id/cancel', async (request, response) => {
    response.json(await payments.cancel(currentUser(request).id, idOf(request)));
  });

  router.post('/:id/refunds', async (request, response) => {
    const key = keyOf(request);
    const { amount } = hasBody(request) ? validBody(request, newRefund) : {};
    answer(response, await payments.refund(currentUser(request).id, idOf(request), key, amount));
  });

  router.use(answerConflict);
  return router;
}

function answer(response: Response, { payment, replayed }: KeyedResult): void {
  response.status(replayed ? 200 : 201).json(payment);
}

function idOf(request: Request<{ id: string }>): string {
  const id = guid.safeParse(request.params.id);
  if (!id.success) throw new Problem(404, 'there is no such payment: its id is not a UUID');
  return id.data;
}

const keyOf = (request: Request) => validHeader(request, 'Idempotency-Key', idempotencyKey);

/** A refund without a body gives everything back, so a body that was not understood must not pass for none. */
function hasBody({ headers }: Request): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
