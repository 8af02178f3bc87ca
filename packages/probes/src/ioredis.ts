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
  readonly name: string;
  readonly args: readonly unknown[];
  resolve: Settle;
  reject: Settle;
  [begun]?: Begun;
}

/** What is remembered of a command until its reply; `replies` are those whose real replies come with EXEC. */
interface Begun {
  readonly at: number;
  readonly operation: string;
  readonly on: TargetOperations;
  readonly resolve: Settle;
  readonly reject: Settle;
  readonly isQueued: boolean;
  readonly transaction: Command[] | undefined;
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
      if (command[begun] !== undefined && command.resolve === this.#resolve) return;
      if (redis.status === 'connect' && HANDSHAKE.has(command.name)) return;
      const operation = command.name.toUpperCase();
      const transaction = transactionOf(redis, operation, command);
      command[begun] = {
        at: performance.now(),
        operation,
        on: this.#targetOf(redis),
        resolve: command.resolve,
        reject: command.reject,
        isQueued: transaction !== undefined && operation !== 'EXEC',
        transaction: operation === 'EXEC' ? transaction : undefined,
      };
      command.resolve = this.#resolve;
      command.reject = this.#reject;
    } catch (error) {
      this.failed(error);
    }
  }

  /** Shared by all commands: which one it is, `this` tells. */
  readonly #resolve: Settle = (() => {
    const ended = (command: Command, reply: unknown) => this.#resolved(command, reply);
    return function resolve(this: Command, reply: unknown) {
      const { resolve } = this[begun] as Begun;
      ended(this, reply);
      resolve.call(this, reply);
    };
  })();

  readonly #reject: Settle = (() => {
    const ended = (command: Command, error: unknown) => this.#record(command, errorType(error));
    return function reject(this: Command, error: unknown) {
      const { reject } = this[begun] as Begun;
      ended(this, error);
      reject.call(this, error);
    };
  })();

  #resolved(command: Command, reply: unknown): void {
    this.#record(command, undefined);
    try {
      const { operation, isQueued, transaction } = command[begun] as Begun;
      if (transaction) this.#countTransaction(transaction, reply);
      else if (!isQueued) this.#cache.count(operation, command.args, reply);
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

  #record(command: Command, error: string | undefined): void {
    try {
      const { at, operation, on } = command[begun] as Begun;
      this.#operations.record(on, operation, error, (performance.now() - at) / 1000);
    } catch (failure) {
      this.failed(failure);
    }
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
