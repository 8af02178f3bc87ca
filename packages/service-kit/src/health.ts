import { type Express, Router } from 'express';
import type { Resource } from './resource.ts';

/** From now on the app's readiness is 503 and each answer asks the client to connect elsewhere. */
export function drain(app: Express): void {
  app.locals.draining = true;
}

/**
 * `GET /health/live`: the process runs. `GET /health/ready`: every resource answers that is not optional, and the service is
 * not stopping.
 */
export function healthRoutes(resources: Resource[]): Router {
  const router = Router();
  router.use((request, response, next) => {
    if (request.app.locals.draining) response.set('connection', 'close');
    next();
  });
  router.get('/health/live', (_request, response) => {
    response.json({ status: 'live' });
  });
  router.get('/health/ready', async (request, response) => {
    const results = await Promise.allSettled(resources.map((resource) => resource.check()));
    const checks = Object.fromEntries(
      resources.map(({ name }, index) => [name, results[index]?.status === 'fulfilled' ? 'up' : 'down']),
    );
    const ready =
      !request.app.locals.draining &&
      results.every(({ status }, index) => resources[index]?.optional || status === 'fulfilled');
    response.status(ready ? 200 : 503).json({ status: ready ? 'ready' : 'not ready', checks });
  });
  return router;
}
