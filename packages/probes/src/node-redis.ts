import type { SpanContext } from '@opentelemetry/api';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { OwnCommands } from './node-redis-own-commands.ts';
import type { Method } from './patch.ts';
import { constructing } from './patch-class.ts';
import { Probe } from './probe.ts';
import type { RedisConnection, RedisMetrics, RedisServer } from './redis-metrics.ts';
import { redisOperation } from './redis-operation.ts';

/** `redis` 4.6 is built on 1.5 of its client, 5 and 6 on the client of the same version. */
const VERSIONS = ['>=1.5.0 <2', '>=5.0.0 <7'];

/** How the commands begin that subscribe to each kind of channel. */
const SUBSCRIPTIONS = new Map([
  ['CHANNELS', ''],
  ['PATTERNS', 'P'],
  ['SHARDED', 'S'],
]);

const connection = Symbol('otel-register.connection');

type Args = readonly unknown[];

/** Where a client queues its commands, those of transactions and of its own among them. */
interface Queue {
  [connection]?: RedisConnection;
}

/** Connects anew by itself. */
interface Socket {
  readonly isReady: boolean;
  on(event: 'ready', listener: () => void): void;
}

interface SocketOptions {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
}

interface Client {
  readonly isOpen: boolean;
  readonly isReady: boolean;
  readonly options?: {
    readonly disableOfflineQueue?: boolean;
    readonly database?: number;
    readonly socket?: SocketOptions;
  };
  [connection]?: RedisConnection;
}

/** What is remembered of a command until its reply. */
interface Sent {
  readonly on: RedisConnection;
  readonly operation: string;
  readonly args: Args;
  readonly startedAt: number;
  readonly span: SpanContext | undefined;
}

/**
 * Measures the commands of node-redis 4, 5 and 6.
 *
 * It publishes a diagnostics channel since 5.12, and it is not used: with a subscriber, a command costs more than with the
 * patch, MULTI shows nothing of its commands, and the keys of MGET are hidden. The queue of a client is patched instead,
 * which all versions have: the one place that every command passes. Like with a subscriber, its promise is handed on as one
 * more promise, so a rejection that nobody handles remains one.
 */
export class NodeRedisProbe extends Probe {
  readonly #redis: RedisMetrics;
  /** A client makes its queue and, right after that, its socket. */
  #queueOfNextSocket: Queue | undefined;
  readonly #own = new OwnCommands();
  /** When those commands began that a cluster sends once more, elsewhere; by their arguments, which stay the same. */
  readonly #redirected = new WeakMap<Args, number>();

  constructor(redis: RedisMetrics) {
    super('redis');
    this.#redis = redis;
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const exported = (exports: object) => exports;
    const prototype = (exports: { default: { prototype: object } }) => exports.default.prototype;
    const queue = '@redis/client/dist/lib/client/commands-queue.js';
    const making = constructing<Queue>((made) => {
      this.#queueOfNextSocket = made;
    });
    const connecting = constructing<Socket>((socket, options) => this.#made(socket, options.at(-1) as SocketOptions));
    return [
      this.patched('@redis/client', VERSIONS, [
        {
          module: queue,
          holder: prototype,
          wrappers: {
            addCommand: (original) => this.#adding(original),
            subscribe: (original) => this.#subscribing(original, ''),
            unsubscribe: (original) => this.#subscribing(original, 'UN'),
          },
        },
        { module: queue, holder: exported, wrappers: { default: making } },
        { module: '@redis/client/dist/lib/client/socket.js', holder: exported, wrappers: { default: connecting } },
        {
          module: '@redis/client/dist/lib/client/index.js',
          holder: prototype,
          wrappers: { sendCommand: (original) => this.#sending(original) },
        },
        {
          module: '@redis/client/dist/lib/cluster/index.js',
          holder: prototype,
          wrappers: { connect: (original) => this.#connectingCluster(original) },
        },
        {
          module: '@redis/client/dist/lib/client/cache.js',
          holder: (exports: { BasicClientSideCache: { prototype: object } }) => exports.BasicClientSideCache.prototype,
          wrappers: { handleCache: (original) => this.#reading(original) },
        },
      ]),
    ];
  }

  #made(socket: Socket, options: SocketOptions | undefined): void {
    try {
      const queue = this.#queueOfNextSocket;
      this.#queueOfNextSocket = undefined;
      if (queue === undefined) return;
      // A client with another database selects that first.
      const made = this.#redis.connection(serverOf(options, 0), () => socket.isReady);
      queue[connection] = made;
      socket.on('ready', this.guarded(() => made.opened()) as () => void);
    } catch (error) {
      this.failed(error);
    }
  }

  #connectingCluster(original: Method): Method {
    const found = () => {
      this.#own.hasCluster = true;
    };
    return function connect(this: unknown) {
      found();
      return original.apply(this, arguments as never);
    };
  }

  #adding(original: Method): Method {
    const watch = (on: RedisConnection, args: Args, isFirst: boolean, promise: Promise<unknown>) =>
      this.#watch(on, args, isFirst, promise);
    return function addCommand(this: Queue, args: Args, options?: { asap?: boolean }) {
      const promise: Promise<unknown> = original.apply(this, arguments as never);
      const on = this[connection];
      return on === undefined ? promise : watch(on, args, options?.asap === true, promise);
    };
  }

  /** What subscribes has ways of its own into the queue, and none when there is nothing to send. */
  #subscribing(original: Method, prefix: '' | 'UN'): Method {
    const watch = (on: RedisConnection, args: Args, promise: Promise<unknown>) => this.#watch(on, args, false, promise);
    return function subscribe(this: Queue, type: string) {
      const promise: Promise<unknown> | undefined = original.apply(this, arguments as never);
      const on = this[connection];
      if (on === undefined || promise === undefined) return promise;
      return watch(on, [`${SUBSCRIPTIONS.get(type) ?? ''}${prefix}SUBSCRIBE`], promise);
    };
  }

  #watch(on: RedisConnection, args: Args, isFirst: boolean, promise: Promise<unknown>): Promise<unknown> {
    try {
      // At once: a script's turns from EVALSHA to EVAL in these very arguments when the server does not know it.
      const operation = redisOperation(String(args[0]));
      if (this.#own.has(on, operation, isFirst)) {
        if (operation === 'SELECT') on.select(args[1]);
        return promise;
      }
      const startedAt = (this.#own.hasCluster ? this.#redirected.get(args) : undefined) ?? performance.now();
      const sent: Sent = { on, operation, args, startedAt, span: this.#redis.captureSpan() };
      return promise.then(
        (reply) => {
          this.#resolved(sent, reply);
          return reply;
        },
        (error) => {
          this.#rejected(sent, error);
          throw error;
        },
      );
    } catch (error) {
      this.failed(error);
      return promise;
    }
  }

  #resolved({ on, operation, args, startedAt, span }: Sent, reply: unknown): void {
    try {
      on.succeeded(operation, startedAt, span);
      on.replied(operation, args, 1, reply);
    } catch (failure) {
      this.failed(failure);
    }
  }

  #rejected({ on, operation, args, startedAt, span }: Sent, error: unknown): void {
    try {
      if (this.#own.hasCluster && isRedirection(error)) this.#redirected.set(args, startedAt);
      else on.failed(operation, error, startedAt, span);
    } catch (failure) {
      this.failed(failure);
    }
  }

  /** The client's own cache may know the answer: then there is no command, but a read like any other. */
  #reading(original: Method): Method {
    const read = (args: Args, reply: unknown) => this.#read(args, reply);
    return function handleCache(
      this: unknown,
      client: unknown,
      parser: { redisArgs: Args },
      ask: () => unknown,
      ...rest
    ) {
      let isAsked = false;
      const asking = () => {
        isAsked = true;
        return ask();
      };
      const promise: Promise<unknown> = original.call(this, client, parser, asking, ...rest);
      return promise.then((reply) => {
        if (!isAsked) read(parser.redisArgs, reply);
        return reply;
      });
    };
  }

  #read(args: Args, reply: unknown): void {
    try {
      this.#redis.cache.count(redisOperation(String(args[0])), args, 1, reply);
    } catch (failure) {
      this.failed(failure);
    }
  }

  /** A client that takes no commands refuses them before they get to its queue. */
  #sending(original: Method): Method {
    const look = (client: Client, args: Args) => this.#lookForRefusal(client, args);
    return function sendCommand(this: Client, args: Args) {
      look(this, args);
      return original.apply(this, arguments as never);
    };
  }

  #lookForRefusal(client: Client, args: Args): void {
    try {
      if (client.isReady || (client.isOpen && !client.options?.disableOfflineQueue)) return;
      const { socket, database = 0 } = client.options ?? {};
      client[connection] ??= this.#redis.connection(serverOf(socket, database), () => false);
      client[connection].failed(redisOperation(String(args[0])), REFUSED, performance.now(), this.#redis.captureSpan());
    } catch (failure) {
      this.failed(failure);
    }
  }
}

/** What node-redis says then, or that it is offline. */
const REFUSED = new Error('The client is closed');

/** As node-redis itself fills in what is not given. */
function serverOf(options: SocketOptions | undefined, database: number): RedisServer {
  const { path, host = 'localhost', port = 6379 } = options ?? {};
  return path === undefined ? { database, address: host, port } : { database, address: path, port: undefined };
}

function isRedirection(error: unknown): boolean {
  return error instanceof Error && /^(?:MOVED|ASK) /.test(error.message);
}
