import { Problem, page, pageQuery, validParams, validQuery } from '@payments/service-kit';
import { Router } from 'express';
import { z } from 'zod';
import type { AccountStore } from './account-store.ts';

const idParams = z.object({ id: z.guid('expected a UUID') });

/** What the admin service reads. */
export function internalRoutes(accounts: AccountStore): Router {
  const router = Router();

  router.get('/users', async (request, response) => {
    const { limit, cursor } = validQuery(request, pageQuery);
    response.json(page(await accounts.list(limit, cursor), limit, (account) => account));
  });

  router.get('/users/:id', async (request, response) => {
    const { id } = validParams(request, idParams);
    const account = await accounts.byId(id);
    if (account === undefined) throw new Problem(404, `there is no user ${id}`);
    response.json(account);
  });

  return router;
}
