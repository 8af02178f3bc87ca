import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { CellRegistry } from '@otel-register/cells';
import { CacheCounters } from './cache.ts';
import type { DatabaseOperations, TargetOperations } from './db-operation.ts';
import { type Method, patchedPackage } from './patch.ts';
import { Probe } from './probe.ts';

const VERSIONS = ['>=5.0.0 <7'];

/** What ioredis sends by itself between connecting and being ready. */
const HANDSHAKE = new Set(['auth', 'client', 'hello', 'info', 'readonly', 'select']);

const begun = Symbol('otel-register.begun');
const operations = Symbol('otel-register.operations');
const queued = Symbol('otel-register.queued');

interface Redis {
  readonly status: string;
  readonly options: { readonly host?: string; readonly port?: number; readonly path?: string; readonly db?: number };
  readonly condition?: { readonly select?: number } | null;
  [operations]?: TargetOperations;
  /** The commands of the transaction that is being sent, in order. */
  [queued]?: Command[] | undefined;
}

type Settle = (this: Command, outcome: unknown) => void;

interface Command {
  /** A script's turns from `evalsha` to `eval` when it is sent over a connection for the first time. */
  readonly name: string;
  readonly args: readonly unknown[];
  /** Made anew when a cluster sends the command once more after it has failed. */
  readonly promise: unknown;
  resolve: Settle;
  reject: Settle;
  [begun]?: Begun;
}

/** What is remembered of a command; `transaction` are those whose real replies come with EXEC. */
interface Begun {
  readonly at: number;
  readonly promise: unknown;
  readonly on: TargetOperations;
  readonly isQueued: boolean;
  readonly transaction: Command[] | undefined;
  /** A command that timed out may still be answered. */
  isOver: boolean;
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
    return [patchedPackage('ioredis', VERSIONS, [redis])];
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
      // A command comes here again when it was queued offline or is sent once more after a reconnect.
      if (command[begun]?.promise === command.promise) return;
      if (redis.status === 'connect' && HANDSHAKE.has(command.name)) return;
      const name = command.name.toUpperCase();
      const transaction = transactionOf(redis, name, command);
      const start: Begun = {
        at: performance.now(),
        promise: command.promise,
        on: this.#targetOf(redis),
        isQueued: transaction !== undefined && name !== 'EXEC',
        transaction: name === 'EXEC' ? transaction : undefined,
        isOver: false,
      };
      command[begun] = start;
      this.#watch(command, start);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Each command gets functions of its own: others that wrap them, as tracers do, call them without a `this`. */
  #watch(command: Command, start: Begun): void {
    const { resolve, reject } = command;
    command.resolve = (reply) => {
      this.#resolved(command, start, reply);
      resolve.call(command, reply);
    };
    command.reject = (error) => {
      this.#record(command, start, errorType(error));
      reject.call(command, error);
    };
  }

  #resolved(command: Command, start: Begun, reply: unknown): void {
    if (!this.#record(command, start, undefined)) return;
    try {
      if (start.transaction) this.#countTransaction(start.transaction, reply);
      else if (!start.isQueued) this.#cache.count(command.name.toUpperCase(), command.args, reply);
    } catch (error) {
      this.failed(error);
    }
  }

  /** Within MULTI each command is answered QUEUED; the real replies come together, in order, as the reply to EXEC. */
  #countTransaction(transaction: readonly Command[], replies: unknown): void {
    if (!Array.isArray(replies)) return;
    for (const [index, command] of transaction.entries()) {
      const reply: unknown = replies[index];
      if (!(reply instanceof Error)) this.#cache.count(command.name.toUpperCase(), command.args, reply);
    }
  }

  /** Whether this is the command's end: what comes after a timeout is none. */
  #record(command: Command, start: Begun, error: string | undefined): boolean {
    if (start.isOver) return false;
    start.isOver = true;
    try {
      const seconds = (performance.now() - start.at) / 1000;
      this.#operations.record(start.on, command.name.toUpperCase(), error, seconds);
    } catch (failure) {
      this.failed(failure);
    }
    return true;
  }

  #targetOf(redis: Redis): TargetOperations {
    const namespace = String(redis.condition?.select ?? redis.options.db ?? 0);
    const known = redis[operations];
    if (known?.target.namespace === namespace) return known;
    const { host, port, path } = redis.options;
    const target = this.#operations.on({
      system: 'redis',
      namespace,
      address: path ?? host,
      port: path === undefined ? port : undefined,
    });
    redis[operations] = target;
    return target;
  }
}

/** The commands of the transaction that this command belongs to; the transaction ends with EXEC or DISCARD. */
function transactionOf(redis: Redis, operation: string, command: Command): Command[] | undefined {
  const transaction = redis[queued];
  if (operation === 'MULTI') redis[queued] = [];
  else if (operation === 'EXEC' || operation === 'DISCARD') redis[queued] = undefined;
  else transaction?.push(command);
  return transaction;
}

/** The simple error's prefix of Redis (`WRONGTYPE`), a system error's code (`ECONNREFUSED`), or the class of the error. */
function errorType(error: unknown): string {
  if (!(error instanceof Error)) return '_OTHER';
  if (error.name === 'ReplyError') return /^[A-Z]+\b/.exec(error.message)?.[0] ?? 'ERR';
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === 'string' ? code : error.name;
}
