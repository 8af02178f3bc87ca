import {
  authenticate,
  callService,
  correlationHeaders,
  type Database,
  issueServiceToken,
  page,
  pageQuery,
  validQuery,
} from '@payments/service-kit';
import { type Request, Router } from 'express';
import { pageOfActivity } from './activity.ts';
import { pageOfEntries } from './audit-log.ts';
import { audited } from './audited.ts';

export interface Upstreams {
  AUTH_URL: string;
  PAYMENTS_URL: string;
  UPSTREAM_TIMEOUT_MS: number;
  JWT_SECRET: string;
}

/** `/admin`: what operators may see. Users and payments belong to other services, which are asked over HTTP. */
export function adminRoutes(database: Database, upstreams: Upstreams): Router {
  const { AUTH_URL, PAYMENTS_URL, UPSTREAM_TIMEOUT_MS, JWT_SECRET } = upstreams;
  const ask = (service: string, path: string, request: Request) =>
    callService({
      url: new URL(path, service),
      token: issueServiceToken(JWT_SECRET, 'admin'),
      headers: correlationHeaders(request),
      timeoutMs: UPSTREAM_TIMEOUT_MS,
    });

  const router = Router();
  router.use(authenticate(JWT_SECRET));

  // The owner of the data checks the query and names what does not fit.
  router.get(
    '/users',
    audited(database, 'users.list', (request) => ask(AUTH_URL, `/internal/users${queryOf(request)}`, request)),
  );
  router.get(
    '/users/:id',
    audited(database, 'users.read', (request) => {
      const id = encodeURIComponent(String(request.params.id));
      return ask(AUTH_URL, `/internal/users/${id}`, request);
    }),
  );
  router.get(
    '/payments',
    audited(database, 'payments.list', (request) =>
      ask(PAYMENTS_URL, `/internal/payments${queryOf(request)}`, request),
    ),
  );
  router.get(
    '/totals',
    audited(database, 'totals.read', (request) => ask(PAYMENTS_URL, `/internal/totals${queryOf(request)}`, request)),
  );
  router.get(
    '/audit',
    audited(database, 'audit.list', async (request) => {
      const { limit, cursor } = validQuery(request, pageQuery);
      const entries = await pageOfEntries(database, limit + 1, cursor);
      return page(entries, limit, ({ at, id }) => ({ createdAt: at, id }));
    }),
  );
  router.get(
    '/activity',
    audited(database, 'activity.list', async (request) => {
      const { limit, cursor } = validQuery(request, pageQuery);
      const events = await pageOfActivity(database, limit + 1, cursor);
      return page(events, limit, ({ at, id }) => ({ createdAt: at, id }));
    }),
  );
  return router;
}

/** The query string as it came, with its question mark. */
function queryOf({ originalUrl }: Request): string {
  return originalUrl.replace(/^[^?]*/, '');
}
