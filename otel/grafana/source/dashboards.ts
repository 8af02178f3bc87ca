import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { agent } from './agent.ts';
import { messaging } from './messaging.ts';
import { paymentsBusiness } from './payments-business.ts';
import { postgresql } from './postgresql.ts';
import { redis } from './redis.ts';
import { runtime } from './runtime.ts';
import { serviceOverview } from './service-overview.ts';

/** All dashboards, by the names of their files. */
export const dashboards: Readonly<Record<string, Dashboard>> = {
  agent,
  messaging,
  'payments-business': paymentsBusiness,
  postgresql,
  redis,
  runtime,
  'service-overview': serviceOverview,
};
