import { authenticate, type Database, page, requireRole, validQuery } from '@payments/service-kit';
import { Router } from 'express';
import { pageOfPayments, totalsByDay } from './payment-store.ts';
import { internalPageQuery, totalsQuery } from './schemas.ts';

/** `/internal`: what other services may read of everybody's payments. */
export function internalRoutes(database: Database, jwtSecret: string): Router {
  const router = Router();
  router.use(authenticate(jwtSecret), requireRole('service'));

  router.get('/payments', async (request, response) => {
    const { cursor: after, limit, state, userId } = validQuery(request, internalPageQuery);
    const rows = await pageOfPayments(database.pool, { userId, state, after, limit: limit + 1 });
    response.json(page(rows, limit, (payment) => payment));
  });

  router.get('/totals', async (request, response) => {
    const { from, to } = validQuery(request, totalsQuery);
    response.json({ items: await totalsByDay(database.pool, from, to) });
  });

  return router;
}
