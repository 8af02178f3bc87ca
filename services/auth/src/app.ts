import { authenticate, createApp, type Logger, type Resource, requireRole } from '@payments/service-kit';
import { type Express, Router } from 'express';
import { accountRoutes } from './account-routes.ts';
import type { AccountStore } from './account-store.ts';
import { internalRoutes } from './internal-routes.ts';
import type { SessionStore } from './session-store.ts';

export interface AuthDependencies {
  logger: Logger;
  resources: Resource[];
  accounts: AccountStore;
  sessions: SessionStore;
  /** Signs and verifies access tokens. */
  secret: string;
}

export function createAuthApp({ logger, resources, accounts, sessions, secret }: AuthDependencies): Express {
  return createApp({
    logger,
    resources,
    routes: {
      '/auth': accountRoutes(accounts, sessions, secret),
      '/internal': Router().use(authenticate(secret), requireRole('service'), internalRoutes(accounts)),
    },
  });
}
