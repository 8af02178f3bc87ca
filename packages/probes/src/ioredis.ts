import { type Context, context, type Span, type SpanContext, trace } from '@opentelemetry/api';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { targetAttributes } from './db-operation.ts';
import {
  type IoredisClient,
  type IoredisPipeline,
  isAutomatic,
  isOwnCommand,
  isRefresher,
  isRouting,
  serverOf,
} from './ioredis-client.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';
import { RedisBatch } from './redis-batch.ts';
import type { RedisConnection, RedisMetrics } from './redis-metrics.ts';
import { redisOperation } from './redis-operation.ts';
import { endRedisSpan, RedisSpans } from './redis-spans.ts';

/** From 4.14 on the classes are where they are looked for here. */
const VERSIONS_4 = ['>=4.14.0 <5'];
const VERSIONS = ['>=5.0.0 <7'];

const client = Symbol('otel-register.client');
const sent = Symbol('otel-register.sent');
const pipeline = Symbol('otel-register.pipeline');
const batch = Symbol('otel-register.batch');
const askedIn = Symbol('otel-register.asked-in');

/** A {@link IoredisClient} of which something is remembered. */
type Redis = IoredisClient & { [client]?: Client };
type Pipeline = IoredisPipeline & { [batch]?: RedisBatch };

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
  [sent]?: Sent | undefined;
  /** Settles with the pipeline of a cluster that the command is in. */
  [pipeline]?: Promise<unknown>;
  /** Where there are spans: what it is sent with. */
  [batch]?: RedisBatch | undefined;
  /** Where it was asked for, when it is sent elsewhere. */
  [askedIn]?: Context;
}

/**
 * What is remembered of a command until it has ended, whatever its ways until then. Made by a class: where V8 has seen objects of
 * a literal grow old, it makes all further ones old, and what they hold of a request then lives until the heap is full.
 */
class Sent {
  connection: RedisConnection;
  promise: unknown;
  /** In milliseconds; undefined once it is recorded, for a reply may still come after a timeout. */
  startedAt: number | undefined = performance.now();
  /** What the duration is remembered with. */
  exemplar: SpanContext | undefined = undefined;
  /** Of a command that is sent alone. */
  span: Span | undefined = undefined;

  constructor(connection: RedisConnection, promise: unknown) {
    this.connection = connection;
    this.promise = promise;
  }
}

/**
 * Measures the commands of ioredis 4, 5 and 6, and makes their spans: one a command, and one a pipeline or transaction.
 *
 * ioredis publishes a diagnostics channel since 5.11, and it is not used: a subscriber makes ioredis wrap one more promise a
 * command, on which it silences rejections that nobody handles, and it hides the keys of MGET. `sendCommand` is patched
 * instead, and the command's own way to settle is watched, so the service gets the very promise that it would get anyway.
 */
export class IoredisProbe extends Probe {
  readonly #redis: RedisMetrics;
  /** Undefined where no spans are made. */
  readonly #spans: RedisSpans | undefined;

  /** @param hasSpans whether commands have spans */
  constructor(redis: RedisMetrics, hasSpans: boolean) {
    super('ioredis');
    this.#redis = redis;
    this.#spans = hasSpans ? new RedisSpans(() => this.tracer) : undefined;
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const sendCommand = (original: Method) => this.#sending(original);
    const patched = (versions: string[], redis: string, pipeline: string) => {
      const holder = (exports: { default: { prototype: object } }) => exports.default.prototype;
      return this.patched('ioredis', versions, [
        { module: redis, holder, wrappers: { sendCommand, setStatus: (original) => this.#settingStatus(original) } },
        { module: 'ioredis/built/cluster/index.js', holder, wrappers: { sendCommand } },
        { module: pipeline, holder, wrappers: { sendCommand: (original) => this.#queueing(original) } },
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
    const probe = this;
    return function sendCommand(this: Redis, command: Command) {
      try {
        const to = this[client] ?? probe.#clientOf(this);
        const known = command[sent];
        if (known !== undefined) probe.#sentAgain(to.connection, command, known);
        else if (!to.isOnItsOwn && !isOwnCommand(this, command.name)) {
          const begun = new Sent(to.connection, command.promise);
          if (probe.#spans) probe.#span(to.connection, command, begun, probe.#spans);
          command[sent] = begun;
          probe.#watch(command, begun);
        }
      } catch (error) {
        probe.failed(error);
      }
      return original.apply(this, arguments as never);
    };
  }

  /**
   * A command is sent more often than once for a cluster and then for the server that it has chosen, after it was queued offline, after
   * a reconnect, or to where a cluster's server has sent it.
   */
  #sentAgain(connection: RedisConnection, command: Command, known: Sent): void {
    if (known.connection !== connection) {
      known.connection = connection;
      (known.span ?? command[batch]?.span)?.setAttributes(targetAttributes(connection.target));
    }
    if (known.promise === command.promise) return;
    known.promise = command.promise;
    this.#watch(command, known);
  }

  /** Those that are sent with others have one span together. */
  #span(connection: RedisConnection, command: Command, begun: Sent, spans: RedisSpans): void {
    const { [batch]: sentWith, args } = command;
    const operation = redisOperation(command.name);
    if (sentWith !== undefined) {
      sentWith.sent(connection, operation, args, 0);
      begun.exemplar = this.#redis.captureSpan(sentWith.span);
      return;
    }
    const active = command[askedIn] ?? context.active();
    begun.span = spans.command(active, connection, operation, args, 0);
    begun.exemplar = this.#redis.captureSpan(begun.span ?? trace.getSpan(active));
  }

  /** Wraps what puts a command into a pipeline, or puts it there once more. */
  #queueing(original: Method): Method {
    const probe = this;
    return function sendCommand(this: Pipeline, command: Command) {
      probe.#queued(this, command);
      return original.apply(this, arguments as never);
    };
  }

  #queued(of: Pipeline, command: Command): void {
    try {
      if (of.isCluster) command[pipeline] = of.promise;
      if (!this.#spans || command[sent] || isRouting(command.name)) return;
      if (isAutomatic(of)) command[askedIn] = context.active();
      else {
        of[batch] ??= new RedisBatch(this.#spans);
        of[batch].expect();
        command[batch] = of[batch];
      }
    } catch (error) {
      this.failed(error);
    }
  }

  /** Each command gets functions of its own: others that wrap them, as tracers do, call them without a `this`. */
  #watch(command: Command, begun: Sent): void {
    const { resolve, reject } = command;
    const resolved: Settle = (reply) => {
      try {
        const { connection, startedAt, exemplar, span } = begun;
        const operation = redisOperation(command.name);
        if (startedAt !== undefined) {
          begun.startedAt = undefined;
          connection.succeeded(operation, startedAt, exemplar);
          if (span) endRedisSpan(span, undefined);
          command[batch]?.replied(operation, reply);
        }
        connection.replied(operation, command.args, 0, reply);
      } catch (failure) {
        this.failed(failure);
      }
      const isSentOnce = command[pipeline] === undefined;
      if (isSentOnce && command.resolve === resolved && command.reject === rejected) {
        // ioredis gives each command a function that V8 makes old at once, and what hangs on it would live until the heap is full.
        command.resolve = resolve;
        command.reject = reject;
        command[sent] = undefined;
      }
      return resolve.call(command, reply);
    };
    const rejected: Settle = (error) => {
      this.#rejected(command, begun, error);
      return reject.call(command, error);
    };
    command.resolve = resolved;
    command.reject = rejected;
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

  #end(command: Command, begun: Sent, error: unknown): void {
    try {
      const { connection, startedAt, exemplar, span } = begun;
      if (startedAt === undefined) return;
      begun.startedAt = undefined;
      connection.failed(redisOperation(command.name), error, startedAt, exemplar);
      if (span) endRedisSpan(span, error);
      command[batch]?.failed(error);
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
