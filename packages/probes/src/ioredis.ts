import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { CellRegistry } from '@otel-register/cells';
import { CacheCounters } from './cache.ts';
import type { DatabaseOperations, TargetOperations } from './db-operation.ts';
import { errorType } from './error-type.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';
import { redisOperation } from './redis-operation.ts';

const VERSIONS = ['>=5.0.0 <7'];

/** What ioredis sends by itself between connecting and being ready. */
const HANDSHAKE = new Set(['auth', 'client', 'hello', 'info', 'readonly', 'select']);

const pending = Symbol('otel-register.pending');
const operations = Symbol('otel-register.operations');
const transaction = Symbol('otel-register.transaction');

interface Redis {
  readonly status: string;
  readonly options: {
    readonly host?: string;
    readonly port?: number;
    readonly path?: string;
    readonly db?: number;
    readonly sentinels?: unknown;
  };
  readonly condition?: { readonly select?: number } | null;
  [operations]?: TargetOperations;
  /** The commands that the server has queued since MULTI, in order. */
  [transaction]?: Command[] | undefined;
}

type Settle = (this: Command, outcome: unknown) => unknown;

interface Command {
  /** A script's turns from `evalsha` to `eval` when it is sent over a connection for the first time. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** Made anew when a cluster sends the commands of a pipeline once more. */
  readonly promise: unknown;
  readonly isSettled?: boolean;
  resolve: Settle;
  reject: Settle;
  [pending]?: Pending;
}

/** What is remembered of a command until its reply. */
interface Pending {
  /** When the service sent it; undefined once it is recorded, for a reply may still come after a timeout. */
  startedAt: number | undefined;
  readonly promise: unknown;
  readonly redis: Redis;
  readonly on: TargetOperations;
}

/**
 * Measures the commands of ioredis 5 and 6 and counts cache hits and misses by their replies.
 *
 * ioredis publishes a diagnostics channel since 5.11, and it is not used: a subscriber makes ioredis wrap one more promise a
 * command, on which it silences rejections that nobody handles, and it hides the keys of MGET. `sendCommand` is patched
 * instead, and the command's own way to settle is watched, so the service gets the very promise that it would get anyway.
 */
export class IoredisProbe extends Probe {
  readonly #operations: DatabaseOperations;
  readonly #cache: CacheCounters;

  constructor(cells: CellRegistry, database: DatabaseOperations) {
    super('ioredis');
    this.#operations = database;
    this.#cache = new CacheCounters(cells);
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const redis = {
      module: 'ioredis/built/Redis.js',
      holder: (exports: { default: { prototype: object } }) => exports.default.prototype,
      wrappers: { sendCommand: (original: Method) => this.#sending(original) },
    };
    return [this.patched('ioredis', VERSIONS, [redis])];
  }

  #sending(original: Method): Method {
    const begin = (redis: Redis, command: Command) => this.#begin(redis, command);
    return function sendCommand(this: Redis, command: Command) {
      begin(this, command);
      return original.apply(this, arguments as never);
    };
  }

  #begin(redis: Redis, command: Command): void {
    try {
      if (redis.status === 'connect' && HANDSHAKE.has(command.name)) return;
      const known = command[pending];
      if (known !== undefined && known.promise === command.promise) {
        // It comes here again when it was queued offline, is sent once more after a reconnect, or is sent to another node
        // of a cluster: only after the latter has its first way ended already, in a MOVED that the service never sees.
        if (!command.isSettled) known.startedAt ??= performance.now();
        return;
      }
      const { promise } = command;
      const start: Pending = { startedAt: performance.now(), promise, redis, on: this.#targetOf(redis) };
      command[pending] = start;
      this.#watch(command, start);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Each command gets functions of its own: others that wrap them, as tracers do, call them without a `this`. */
  #watch(command: Command, start: Pending): void {
    const { resolve, reject } = command;
    command.resolve = (reply) => {
      this.#resolved(command, start, reply);
      return resolve.call(command, reply);
    };
    command.reject = (error) => {
      this.#rejected(command, start, error);
      return reject.call(command, error);
    };
  }

  #resolved(command: Command, start: Pending, reply: unknown): void {
    try {
      this.#record(command, start, undefined);
      this.#countReads(command, start.redis, reply);
    } catch (failure) {
      this.failed(failure);
    }
  }

  #rejected(command: Command, start: Pending, error: unknown): void {
    try {
      this.#record(command, start, redisErrorType(error));
    } catch (failure) {
      this.failed(failure);
    }
  }

  #record(command: Command, start: Pending, error: string | undefined): void {
    const { startedAt, on } = start;
    if (startedAt === undefined) return;
    start.startedAt = undefined;
    this.#operations.record(on, redisOperation(command.name), error, (performance.now() - startedAt) / 1000);
  }

  /**
   * Within MULTI each command is answered QUEUED; the real replies come together, in order, as the reply to EXEC. Any other
   * reply means that there is no transaction (any more), whatever became of it.
   */
  #countReads(command: Command, redis: Redis, reply: unknown): void {
    const operation = redisOperation(command.name);
    const queued = redis[transaction];
    if (queued !== undefined && isQueued(reply)) {
      queued.push(command);
      return;
    }
    if (operation === 'MULTI') redis[transaction] = [];
    else if (queued !== undefined) redis[transaction] = undefined;
    if (operation !== 'EXEC') this.#cache.count(operation, command.args, reply);
    else if (queued !== undefined && Array.isArray(reply)) this.#countTransaction(queued, reply);
  }

  #countTransaction(queued: readonly Command[], replies: readonly unknown[]): void {
    for (const [index, { name, args }] of queued.entries()) {
      const reply = replies[index];
      if (!(reply instanceof Error)) this.#cache.count(redisOperation(name), args, reply);
    }
  }

  #targetOf(redis: Redis): TargetOperations {
    const namespace = String(redis.condition?.select ?? redis.options.db ?? 0);
    const known = redis[operations];
    if (known?.target.namespace === namespace) return known;
    const { host, port, path, sentinels } = redis.options;
    const hasPort = path === undefined && !sentinels;
    const target = this.#operations.on({
      system: 'redis',
      namespace,
      // Where sentinels name the server, the host of the options is only its default.
      address: path ?? (hasPort ? host : undefined),
      port: hasPort ? port : undefined,
    });
    redis[operations] = target;
    return target;
  }
}

/** The status that a command gets within MULTI: text, or its bytes. */
function isQueued(reply: unknown): boolean {
  return reply === 'QUEUED' || (reply instanceof Uint8Array && String(reply) === 'QUEUED');
}

/** The prefix of an error reply (`WRONGTYPE`), or what {@link errorType} says. */
function redisErrorType(error: unknown): string {
  if (!(error instanceof Error) || error.name !== 'ReplyError') return errorType(error);
  return /^[A-Z]+\b/.exec(error.message)?.[0] ?? 'ERR';
}
