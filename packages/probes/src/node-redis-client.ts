import type { RedisServer } from './redis-metrics.ts';

/** How the commands begin that subscribe to each kind of channel. */
export const SUBSCRIPTIONS = new Map([
  ['CHANNELS', ''],
  ['PATTERNS', 'P'],
  ['SHARDED', 'S'],
]);

/** Connects anew by itself. */
export interface Socket {
  readonly isReady: boolean;
  on(event: 'ready', listener: () => void): void;
}

export interface SocketOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

export interface CommandOptions {
  /** Whether the command goes before all that wait. */
  readonly asap?: boolean;
  /** The same for commands that nothing may come between. */
  readonly chainId?: symbol;
}

/** As much of a client as is read here. */
export interface NodeRedisClient {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: {
    readonly disableOfflineQueue?: boolean;
    readonly database?: number;
    readonly socket?: SocketOptions;
  };
}

/** As node-redis itself fills in what is not given. */
export function serverOf(options: SocketOptions | undefined, database: number): RedisServer {
  const { path, host = 'localhost', port = 6379 } = options ?? {};
  return path === undefined ? { database, address: host, port } : { database, address: path, port: undefined };
}

export function isRedirection(error: unknown): boolean {
  return error instanceof Error && /^(?:MOVED|ASK) /.test(error.message);
}
