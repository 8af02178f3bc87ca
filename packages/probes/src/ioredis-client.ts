import type { RedisServer } from './redis-metrics.ts';

/** As much of a connection to one server, or of a cluster, as is read here: of the latter before it has chosen a server. */
export interface IoredisClient {
  readonly status: string;
  readonly isCluster?: boolean;
  readonly options: {
    readonly host?: string;
    readonly port?: number;
    readonly path?: string;
    readonly db?: number;
    readonly sentinels?: unknown;
    readonly connectionName?: string | null;
  };
  /** Those that ioredis makes of commands that are asked for one by one, until they are sent. */
  readonly _autoPipelines?: ReadonlyMap<unknown, IoredisPipeline>;
}

export interface IoredisPipeline {
  readonly redis: IoredisClient;
  readonly isCluster: boolean;
  readonly promise: Promise<unknown>;
}

/** What ioredis sends by itself between connecting and being ready. */
const HANDSHAKE = new Set(['auth', 'client', 'hello', 'info', 'readonly', 'select']);

/** What it sends by itself to find its way in a cluster and among sentinels. */
const ROUTING = new Set(['asking', 'sentinel']);

/** Begins the name of the connections by which a cluster asks for its slots. */
const REFRESHER = 'ioredis-cluster(refresher)';

/** Whether a command is one that ioredis sends by itself, to connect or to find its way. */
export function isOwnCommand(redis: IoredisClient, command: string): boolean {
  return ROUTING.has(command) || (redis.status === 'connect' && HANDSHAKE.has(command));
}

/** Whether a command is one that ioredis sends by itself to find its way. */
export function isRouting(command: string): boolean {
  return ROUTING.has(command);
}

/** Whether ioredis has put the commands together by itself, maybe those of several requests. */
export function isAutomatic(pipeline: IoredisPipeline): boolean {
  for (const automatic of pipeline.redis._autoPipelines?.values() ?? []) if (automatic === pipeline) return true;
  return false;
}

/**
 * Where the options lead. Where sentinels name the server, the host of the options is only its default, and of a cluster it
 * is not known before it has chosen: then there is no address.
 */
export function serverOf({ isCluster, options: { db, host, port, path, sentinels } }: IoredisClient): RedisServer {
  const database = db ?? 0;
  if (isCluster || (sentinels && path === undefined)) return { database, address: undefined, port: undefined };
  return path === undefined || path === null
    ? { database, address: host, port }
    : { database, address: path, port: undefined };
}

export function isRefresher({ options }: IoredisClient): boolean {
  return options.connectionName?.startsWith(REFRESHER) === true;
}
