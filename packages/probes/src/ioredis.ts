import type { SpanContext } from '@opentelemetry/api';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';
import type { RedisConnection, RedisMetrics } from './redis-metrics.ts';
import { redisOperation } from './redis-operation.ts';

/** From 4.14 on the classes are where they are looked for here. */
const VERSIONS_4 = ['>=4.14.0 <5'];
const VERSIONS = ['>=5.0.0 <7'];

/** What ioredis sends by itself between connecting and being ready. */
const HANDSHAKE = new Set(['auth', 'client', 'hello', 'info', 'readonly', 'select']);

/** What it sends by itself to find its way in a cluster and among sentinels. */
const ROUTING = new Set(['asking', 'sentinel']);

/** Begins the name of the connections by which a cluster asks for its slots. */
const REFRESHER = 'ioredis-cluster(refresher)';

const client = Symbol('otel-register.client');
const sent = Symbol('otel-register.sent');
const pipeline = Symbol('otel-register.pipeline');

interface Options {
  readonly host?: string;
  readonly port?: number;
  readonly path?: string;
  readonly db?: number;
  readonly sentinels?: unknown;
  readonly connectionName?: string | null;
}

/** A connection to one server, or a cluster: the latter before it has chosen a server for a command. */
interface Redis {
  readonly status: string;
  readonly isCluster?: boolean;
  readonly options: Options;
  [client]?: Client;
}

/** What is remembered of a {@link Redis}. */
interface Client {
  readonly connection: RedisConnection;
  /** Whether no command on it is the service's: always so, or while it sets up what it had before a reconnect. */
  isOnItsOwn: boolean;
}

type Settle = (this: Command, outcome: unknown) => unknown;

interface Command {
  /** A script's turns from `evalsha` to `eval` when it is sent over a connection for the first time. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** Made anew when a cluster sends the commands of a pipeline once more. */
  readonly promise: unknown;
  resolve: Settle;
  reject: Settle;
  [sent]?: Sent;
  /** Settles with the pipeline of a cluster that the command is in. */
  [pipeline]?: Promise<unknown>;
}

/** What is remembered of a command until it has ended, whatever its ways until then. */
interface Sent {
  connection: RedisConnection;
  promise: unknown;
  /** In milliseconds; undefined once it is recorded, for a reply may still come after a timeout. */
  startedAt: number | undefined;
  readonly span: SpanContext | undefined;
}

/**
 * Measures the commands of ioredis 4, 5 and 6.
 *
 * ioredis publishes a diagnostics channel since 5.11, and it is not used: a subscriber makes ioredis wrap one more promise a
 * command, on which it silences rejections that nobody handles, and it hides the keys of MGET. `sendCommand` is patched
 * instead, and the command's own way to settle is watched, so the service gets the very promise that it would get anyway.
 */
export class IoredisProbe extends Probe {
  readonly #redis: RedisMetrics;

  constructor(redis: RedisMetrics) {
    super('ioredis');
    this.#redis = redis;
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const sendCommand = (original: Method) => this.#sending(original);
    const patched = (versions: string[], redis: string, pipeline: string) => {
      const holder = (exports: { default: { prototype: object } }) => exports.default.prototype;
      return this.patched('ioredis', versions, [
        { module: redis, holder, wrappers: { sendCommand, setStatus: (original) => this.#settingStatus(original) } },
        { module: 'ioredis/built/cluster/index.js', holder, wrappers: { sendCommand } },
        { module: pipeline, holder, wrappers: { sendCommand: rememberingPipeline } },
      ]);
    };
    return [
      patched(VERSIONS_4, 'ioredis/built/redis/index.js', 'ioredis/built/pipeline.js'),
      patched(VERSIONS, 'ioredis/built/Redis.js', 'ioredis/built/Pipeline.js'),
    ];
  }

  #settingStatus(original: Method): Method {
    const ready = (redis: Redis) => this.#ready(redis);
    return function setStatus(this: Redis, status: string) {
      if (status === 'ready') ready(this);
      return original.apply(this, arguments as never);
    };
  }

  /** The service knows of it with the event `ready`, in the next tick; what is sent until then is what was set up before. */
  #ready(redis: Redis): void {
    try {
      const known = this.#clientOf(redis);
      if (isRefresher(redis)) return;
      known.connection.opened();
      known.isOnItsOwn = true;
      process.nextTick(() => {
        known.isOnItsOwn = false;
      });
    } catch (error) {
      this.failed(error);
    }
  }

  #sending(original: Method): Method {
    const begin = (redis: Redis, command: Command) => this.#begin(redis, command);
    return function sendCommand(this: Redis, command: Command) {
      begin(this, command);
      return original.apply(this, arguments as never);
    };
  }

  /**
   * A command comes here once, or more often: for a cluster and then for the server that it has chosen, after it was queued
   * offline, or to be sent once more after a reconnect or to where a cluster's server has sent it.
   */
  #begin(redis: Redis, command: Command): void {
    try {
      const { connection, isOnItsOwn } = this.#clientOf(redis);
      const known = command[sent];
      if (known !== undefined) {
        known.connection = connection;
        if (known.promise === command.promise) return;
        known.promise = command.promise;
        this.#watch(command, known);
        return;
      }
      if (isOnItsOwn || (redis.status === 'connect' && HANDSHAKE.has(command.name)) || ROUTING.has(command.name))
        return;
      const { promise } = command;
      const begun: Sent = { connection, promise, startedAt: performance.now(), span: this.#redis.captureSpan() };
      command[sent] = begun;
      this.#watch(command, begun);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Each command gets functions of its own: others that wrap them, as tracers do, call them without a `this`. */
  #watch(command: Command, begun: Sent): void {
    const { resolve, reject } = command;
    command.resolve = (reply) => {
      this.#resolved(command, begun, reply);
      return resolve.call(command, reply);
    };
    command.reject = (error) => {
      this.#rejected(command, begun, error);
      return reject.call(command, error);
    };
  }

  #resolved(command: Command, begun: Sent, reply: unknown): void {
    try {
      const { connection, startedAt, span } = begun;
      const operation = redisOperation(command.name);
      if (startedAt !== undefined) {
        begun.startedAt = undefined;
        connection.succeeded(operation, startedAt, span);
      }
      connection.replied(operation, command.args, 0, reply);
    } catch (failure) {
      this.failed(failure);
    }
  }

  #rejected(command: Command, begun: Sent, error: unknown): void {
    const inPipeline = command[pipeline];
    if (inPipeline === undefined) {
      this.#end(command, begun, error);
      return;
    }
    // A cluster may send its pipeline once more, elsewhere, and then this is not how the command ends.
    const { promise } = begun;
    const end = () => {
      if (begun.promise === promise) this.#end(command, begun, error);
    };
    inPipeline.then(end, end);
  }

  #end({ name }: Command, begun: Sent, error: unknown): void {
    try {
      const { connection, startedAt, span } = begun;
      if (startedAt === undefined) return;
      begun.startedAt = undefined;
      connection.failed(redisOperation(name), error, startedAt, span);
    } catch (failure) {
      this.failed(failure);
    }
  }

  #clientOf(redis: Redis): Client {
    redis[client] ??= {
      connection: this.#redis.connection(
        serverOf(redis),
        () => redis.status === 'ready' || redis.status === 'monitoring',
      ),
      isOnItsOwn: isRefresher(redis),
    };
    return redis[client];
  }
}

function rememberingPipeline(original: Method): Method {
  return function sendCommand(this: { isCluster: boolean; promise: Promise<unknown> }, command: Command) {
    if (this.isCluster) command[pipeline] = this.promise;
    return original.apply(this, arguments as never);
  };
}

/**
 * Where the options lead. Where sentinels name the server, the host of the options is only its default, and of a cluster it
 * is not known before it has chosen: then there is no address.
 */
function serverOf({ isCluster, options: { db, host, port, path, sentinels } }: Redis) {
  const database = db ?? 0;
  if (isCluster || (sentinels && path === undefined)) return { database, address: undefined, port: undefined };
  return path === undefined || path === null
    ? { database, address: host, port }
    : { database, address: path, port: undefined };
}

function isRefresher({ options }: Redis): boolean {
  return options.connectionName?.startsWith(REFRESHER) === true;
}
