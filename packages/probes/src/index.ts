import type { IncomingMessage, Server } from 'node:http';
import type { Context } from '@opentelemetry/api';
import type { CellRegistry } from '@otel-register/cells';
import { AmqplibProbe } from './amqplib.ts';
import type { CacheNamePattern } from './cache-names.ts';
import { DatabaseOperations } from './db-operation.ts';
import { ExpressProbe } from './express.ts';
import { ExpressErrorsProbe } from './express-errors.ts';
import { FastifyProbe } from './fastify.ts';
import { HapiProbe } from './hapi.ts';
import { HonoProbe } from './hono.ts';
import { HttpClientProbe } from './http-client.ts';
import { HttpClientMetrics, type OwnServer } from './http-client-metrics.ts';
import { HttpServerProbe } from './http-server.ts';
import { IoredisProbe } from './ioredis.ts';
import { KoaProbe } from './koa.ts';
import { NodeRedisProbe } from './node-redis.ts';
import { OwnWork } from './own-work.ts';
import { PgProbe } from './pg.ts';
import { PrismaProbe } from './prisma.ts';
import type { Probe } from './probe.ts';
import { ProcessProbe } from './process.ts';
import {
  type PromClientExemplar,
  type PromClientMetric,
  PromClientProbe,
  type PromClientSeries,
  type PromClientSource,
} from './prom-client.ts';
import { RedisMetrics } from './redis-metrics.ts';
import type { OnRequestError } from './request-errors.ts';
import { RestifyProbe } from './restify.ts';
import { RuntimeProbe } from './runtime.ts';
import { SocketIoProbe } from './socket-io.ts';
import { UndiciProbe } from './undici.ts';
import { WsProbe } from './ws.ts';

export { contextOfException, requestIn } from './request-context.ts';
export { contextOf, type OnRequestError, type RequestError, requestAttributes } from './request-errors.ts';
export {
  type CacheNamePattern,
  type OwnServer,
  OwnWork,
  type Probe,
  type PromClientExemplar,
  type PromClientMetric,
  PromClientProbe,
  type PromClientSeries,
  type PromClientSource,
};

export interface ProbeContext {
  readonly cells: CellRegistry;
  /** Tells requests that are none of the service's, such as scrapes, and servers that are none of its own. */
  readonly ignores: (message: { request?: IncomingMessage; server: Server }) => boolean;
  /** Whether what happens now is telemetry's own, such as an export of spans. */
  readonly isOwn: () => boolean;
  /** Tells the servers that take telemetry, whoever sends it; none unless given. */
  readonly isOwnServer?: OwnServer | undefined;
  /** Names of caches for the keys of Redis; those of other keys are their prefixes. */
  readonly cacheNames: readonly CacheNamePattern[];
  /** Whether traces are on: the probes of {@link PROBES_WITH_SPANS} make spans then. */
  readonly spans: boolean;
  /** Told of what went wrong in frameworks, if anybody wants to know; then contexts tell their request, see `requestIn`. */
  readonly onRequestError?: OnRequestError | undefined;
  /** Makes a context the active one until what Node has called returns; not given where that cannot be. */
  readonly enter?: ((context: Context) => void) | undefined;
  /** What the agent does for itself and is not to be measured; nothing unless given. */
  readonly work?: OwnWork;
}

/** All probes by the names that OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_NODE_DISABLED_INSTRUMENTATIONS take. */
export const PROBE_NAMES = [
  'http',
  'undici',
  'express',
  'fastify',
  'koa',
  'hapi',
  'hono',
  'restify',
  'pg',
  'prisma',
  'ioredis',
  'redis',
  'amqplib',
  'ws',
  'socket.io',
  'runtime-node',
  'process',
] as const;

export type ProbeName = (typeof PROBE_NAMES)[number];

/** Those that make the spans of their library themselves: upstream's instrumentation for it is not loaded. */
export const PROBES_WITH_SPANS: readonly ProbeName[] = [
  'http',
  'undici',
  'express',
  'fastify',
  'koa',
  'hapi',
  'restify',
  'pg',
  'ioredis',
  'redis',
  'amqplib',
];

/** Packages, with their versions, that tell of themselves and are not patched. */
export const LISTENED_TO = { fastify: ['>=4.0.0 <6'], undici: ['>=6.0.0 <9'] } as const;

/** Makes the probes that `isEnabled` lets through. They watch nothing before they are enabled. */
export function createProbes(
  {
    cells,
    ignores,
    isOwn,
    cacheNames,
    spans,
    onRequestError,
    enter,
    isOwnServer = () => false,
    work = new OwnWork(),
  }: ProbeContext,
  isEnabled: (name: ProbeName) => boolean,
): Probe[] {
  const database = new DatabaseOperations(cells);
  const redis = new RedisMetrics(cells, database, cacheNames);
  const httpClients = new HttpClientMetrics(cells, isOwn, isOwnServer);
  const makers: Record<ProbeName, () => Probe | Probe[]> = {
    http: () => [
      new HttpServerProbe(cells, ignores, spans, onRequestError !== undefined, enter),
      new HttpClientProbe(httpClients, spans),
    ],
    undici: () => new UndiciProbe(httpClients, spans),
    express: () => [new ExpressProbe(), ...(onRequestError ? [new ExpressErrorsProbe(onRequestError)] : [])],
    fastify: () => new FastifyProbe(onRequestError),
    koa: () => new KoaProbe(onRequestError),
    hapi: () => new HapiProbe(),
    hono: () => new HonoProbe(),
    restify: () => new RestifyProbe(),
    pg: () => new PgProbe(cells, database, spans),
    prisma: () => new PrismaProbe(cells),
    ioredis: () => new IoredisProbe(redis, spans),
    redis: () => new NodeRedisProbe(redis, spans),
    amqplib: () => new AmqplibProbe(cells, spans),
    ws: () => new WsProbe(cells),
    'socket.io': () => new SocketIoProbe(cells),
    'runtime-node': () => new RuntimeProbe(cells, work),
    process: () => new ProcessProbe(cells),
  };
  return PROBE_NAMES.filter(isEnabled).flatMap((name) => makers[name]());
}
