import { authenticate, createApp, currentUser, type Logger, type Resource, validBody } from '@payments/service-kit';
import { type Express, Router } from 'express';
import { newProfile, preferencesChange } from './input.ts';
import type { PaymentStore } from './payment-store.ts';
import type { PreferencesStore } from './preferences-store.ts';
import type { ProfileStore } from './profile-store.ts';

export interface ProfileDependencies {
  logger: Logger;
  resources: Resource[];
  profiles: ProfileStore;
  preferences: PreferencesStore;
  payments: PaymentStore;
  /** Verifies access tokens. */
  secret: string;
}

export function createProfileApp(dependencies: ProfileDependencies): Express {
  const { logger, resources } = dependencies;
  return createApp({ logger, resources, routes: { '/profile': profileRoutes(dependencies) } });
}

function profileRoutes({ profiles, preferences, payments, secret }: ProfileDependencies): Router {
  const router = Router();
  router.use(authenticate(secret));

  router.get('/', async (request, response) => {
    response.json(await profiles.of(currentUser(request).id));
  });

  router.put('/', async (request, response) => {
    response.json(await profiles.put(currentUser(request).id, validBody(request, newProfile)));
  });

  router.get('/preferences', async (request, response) => {
    response.json(await preferences.of(currentUser(request).id));
  });

  router.patch('/preferences', async (request, response) => {
    response.json(await preferences.change(currentUser(request).id, validBody(request, preferencesChange)));
  });

  router.get('/payments', async (request, response) => {
    response.json({ items: await payments.sumsOf(currentUser(request).id) });
  });

  return router;
}
