import { context, type Span, type SpanContext } from '@opentelemetry/api';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { targetAttributes } from './db-operation.ts';
import {
  type CommandOptions,
  isRedirection,
  type NodeRedisClient,
  type Socket,
  type SocketOptions,
  SUBSCRIPTIONS,
  serverOf,
} from './node-redis-client.ts';
import { OwnCommands } from './node-redis-own-commands.ts';
import type { Method } from './patch.ts';
import { constructing } from './patch-class.ts';
import { Probe } from './probe.ts';
import { RedisBatch } from './redis-batch.ts';
import type { RedisConnection, RedisMetrics } from './redis-metrics.ts';
import { redisOperation } from './redis-operation.ts';
import { endRedisSpan, RedisSpans } from './redis-spans.ts';

/** `redis` 4.6 is built on 1.5 of its client, 5 and 6 on the client of the same version. */
const VERSIONS = ['>=1.5.0 <2', '>=5.0.0 <7'];

/** What client 5 and 6 call the id of the commands of a pipeline. Client 1 sends them like any others. */
const PIPELINE = 'Pipeline Chain';

const connection = Symbol('otel-register.connection');
const chain = Symbol('otel-register.chain');

type Args = readonly unknown[];

/** Where a client queues its commands, those of transactions and of its own among them. */
interface Queue {
  [connection]?: RedisConnection;
  /** Where there are spans: the latest commands that are sent together. */
  [chain]?: { readonly id: symbol; readonly batch: RedisBatch };
}

type Client = NodeRedisClient & { [connection]?: RedisConnection };

/** When a command began and in which spans. */
interface Begun {
  readonly startedAt: number;
  /** What the duration is remembered with. */
  readonly exemplar: SpanContext | undefined;
  /** Of a command that is sent alone. */
  readonly span: Span | undefined;
}

/** What is remembered of a command until its reply. */
interface Sent extends Begun {
  readonly on: RedisConnection;
  readonly operation: string;
  readonly args: Args;
  readonly batch: RedisBatch | undefined;
}

/**
 * Measures the commands of node-redis 4, 5 and 6, and makes their spans: one a command, and one a pipeline or transaction.
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
  readonly #redirected = new WeakMap<Args, Pick<Begun, 'startedAt' | 'span'>>();
  /** Undefined where no spans are made. */
  readonly #spans: RedisSpans | undefined;

  /** @param hasSpans whether commands have spans */
  constructor(redis: RedisMetrics, hasSpans: boolean) {
    super('redis');
    this.#redis = redis;
    this.#spans = hasSpans ? new RedisSpans(() => this.tracer) : undefined;
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
    const watch = (queue: Queue, args: Args, options: CommandOptions | undefined, promise: Promise<unknown>) =>
      this.#watch(queue, args, options, promise);
    return function addCommand(this: Queue, args: Args, options?: CommandOptions) {
      return watch(this, args, options, original.apply(this, arguments as never));
    };
  }

  /** What subscribes has ways of its own into the queue, and none when there is nothing to send. */
  #subscribing(original: Method, prefix: '' | 'UN'): Method {
    const watch = (queue: Queue, args: Args, promise: Promise<unknown>) => this.#watch(queue, args, undefined, promise);
    return function subscribe(this: Queue, type: string, channels?: unknown) {
      const promise: Promise<unknown> | undefined = original.apply(this, arguments as never);
      if (promise === undefined) return promise;
      const command = `${SUBSCRIPTIONS.get(type) ?? ''}${prefix}SUBSCRIBE`;
      return watch(this, channels ? [command].concat(channels as string | string[]) : [command], promise);
    };
  }

  #watch(queue: Queue, args: Args, options: CommandOptions | undefined, promise: Promise<unknown>): Promise<unknown> {
    try {
      const on = queue[connection];
      if (on === undefined) return promise;
      // At once: a script's turns from EVALSHA to EVAL in these very arguments when the server does not know it.
      const operation = redisOperation(String(args[0]));
      if (this.#own.has(on, operation, options?.asap === true)) {
        if (operation === 'SELECT') on.select(args[1]);
        return promise;
      }
      const batch = this.#spans && options?.chainId && this.#batchOf(queue, operation, options.chainId, this.#spans);
      const sent: Sent = { on, operation, args, batch, ...this.#begun(on, operation, args, batch) };
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

  /** @returns undefined for commands that are no pipeline and no transaction */
  #batchOf(queue: Queue, operation: string, id: symbol, spans: RedisSpans): RedisBatch | undefined {
    const isFirst = queue[chain]?.id !== id;
    if (isFirst && operation !== 'MULTI' && id.description !== PIPELINE) return undefined;
    if (isFirst) queue[chain] = { id, batch: new RedisBatch(spans) };
    return queue[chain]?.batch;
  }

  #begun(on: RedisConnection, operation: string, args: Args, batch: RedisBatch | undefined): Begun {
    const redirected = this.#own.hasCluster ? this.#redirected.get(args) : undefined;
    const startedAt = redirected?.startedAt ?? performance.now();
    if (batch) {
      batch.expect();
      batch.sent(on, operation, args, 1);
      return { startedAt, span: undefined, exemplar: this.#redis.captureSpan(batch.span) };
    }
    redirected?.span?.setAttributes(targetAttributes(on.target));
    const span = redirected?.span ?? this.#spans?.command(context.active(), on, operation, args, 1);
    return { startedAt, span, exemplar: this.#redis.captureSpan(span) };
  }

  #resolved({ on, operation, args, startedAt, exemplar, span, batch }: Sent, reply: unknown): void {
    try {
      on.succeeded(operation, startedAt, exemplar);
      if (span) endRedisSpan(span, undefined);
      batch?.replied(operation, reply);
      on.replied(operation, args, 1, reply);
    } catch (failure) {
      this.failed(failure);
    }
  }

  #rejected({ on, operation, args, startedAt, exemplar, span, batch }: Sent, error: unknown): void {
    try {
      batch?.failed(error);
      if (this.#own.hasCluster && isRedirection(error)) {
        this.#redirected.set(args, { startedAt, span });
        return;
      }
      on.failed(operation, error, startedAt, exemplar);
      if (span) endRedisSpan(span, error);
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
      const on = client[connection];
      const operation = redisOperation(String(args[0]));
      const span = this.#spans?.command(context.active(), on, operation, args, 1);
      on.failed(operation, REFUSED, performance.now(), this.#redis.captureSpan(span));
      if (span) endRedisSpan(span, REFUSED);
    } catch (failure) {
      this.failed(failure);
    }
  }
}

/** What node-redis says then, or that it is offline. */
const REFUSED = new Error('The client is closed');
