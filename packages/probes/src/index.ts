import type { IncomingMessage, Server } from 'node:http';
import type { CellRegistry } from '@otel-register/cells';
import { DatabaseOperations } from './db-operation.ts';
import { ExpressProbe } from './express.ts';
import { HttpServerProbe } from './http-server.ts';
import { IoredisProbe } from './ioredis.ts';
import { PgProbe } from './pg.ts';
import type { Probe } from './probe.ts';
import { ProcessProbe } from './process.ts';
import { RuntimeProbe } from './runtime.ts';

export type { Probe };

export interface ProbeContext {
  readonly cells: CellRegistry;
  /** Tells requests that are none of the service's, such as scrapes, and servers that are none of its own. */
  readonly ignores: (message: { request?: IncomingMessage; server: Server }) => boolean;
}

/** All probes by the names that OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_NODE_DISABLED_INSTRUMENTATIONS take. */
export const PROBE_NAMES = ['http', 'express', 'pg', 'ioredis', 'runtime-node', 'process'] as const;

export type ProbeName = (typeof PROBE_NAMES)[number];

/** Makes the probes that `isEnabled` lets through. They watch nothing before they are enabled. */
export function createProbes({ cells, ignores }: ProbeContext, isEnabled: (name: ProbeName) => boolean): Probe[] {
  const database = new DatabaseOperations(cells);
  const makers: Record<ProbeName, () => Probe> = {
    http: () => new HttpServerProbe(cells, ignores),
    express: () => new ExpressProbe(),
    pg: () => new PgProbe(cells, database),
    ioredis: () => new IoredisProbe(cells, database),
    'runtime-node': () => new RuntimeProbe(cells),
    process: () => new ProcessProbe(cells),
  };
  return PROBE_NAMES.filter(isEnabled).map((name) => makers[name]());
}
