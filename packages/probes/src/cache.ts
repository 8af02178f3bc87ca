import { type CellRegistry, type CounterCell, type CounterMetric, KeyTree, OVERFLOW } from '@otel-register/cells';

/** Most cache names that are learned from keys; further ones are counted together. */
const MOST_NAMES = 100;

/** The longest prefix that can be a name; a longer one is no name that somebody chose. */
const LONGEST_NAME = 64;

/** The name of the cache of all keys that have no prefix. */
const NO_PREFIX = 'default';

/** A reply as it came from Redis: null is a missing key in RESP2 and RESP3 alike. */
type Reply = unknown;

/** How many of the asked keys or fields a reply found. */
type Count = (reply: Reply, args: readonly unknown[]) => { readonly found: number; readonly asked: number };

const one: Count = (reply) => ({ found: reply === null ? 0 : 1, asked: 1 });

const list: Count = (reply) => {
  const values = Array.isArray(reply) ? reply : [];
  return { found: values.filter((value) => value !== null).length, asked: values.length };
};

/** Numbers may come as strings, where the service has asked ioredis for that. */
const flags: Count = (reply) => {
  const values = Array.isArray(reply) ? reply : [];
  return { found: values.filter((value) => Number(value) > 0).length, asked: values.length };
};

const whole: Count = (reply) => ({ found: sizeOf(reply) > 0 ? 1 : 0, asked: 1 });

const number: Count = (reply, args) => ({ found: Number(reply), asked: args.length });

const flag: Count = (reply) => ({ found: Number(reply) > 0 ? 1 : 0, asked: 1 });

/** The commands whose reply tells for each key, field or member that was asked for whether it was there. */
const READING = new Map<string, Count>([
  ['GET', one],
  ['GETEX', one],
  ['GETDEL', one],
  ['HGET', one],
  ['JSON.GET', one],
  ['MGET', list],
  ['JSON.MGET', list],
  ['HMGET', list],
  ['HGETALL', whole],
  ['SMEMBERS', whole],
  ['EXISTS', number],
  ['HEXISTS', flag],
  ['SISMEMBER', flag],
  ['SMISMEMBER', flags],
]);

/** The commands with one value in the reply for each key among the arguments: each is counted under its own name. */
const KEY_EACH = new Set(['MGET', 'JSON.MGET']);

interface CacheCells {
  readonly hits: CounterCell;
  readonly misses: CounterCell;
}

/**
 * Counts cache hits and misses by the replies of Redis. The cache's name is the key's prefix up to the first `:`; the key
 * itself is never kept.
 */
export class CacheCounters {
  readonly #hits: CounterMetric;
  readonly #misses: CounterMetric;
  readonly #names = KeyTree.bounded<string>(MOST_NAMES);
  readonly #cells = KeyTree.bounded<CacheCells>(MOST_NAMES * READING.size * 2);

  constructor(cells: CellRegistry) {
    this.#hits = cells.counter({ name: 'cache.hits', unit: '{hit}', description: 'Keys that were read and found.' });
    this.#misses = cells.counter({
      name: 'cache.misses',
      unit: '{miss}',
      description: 'Keys that were read and not there.',
    });
  }

  /** Counts a successful reply to `command` (in capitals); commands that read nothing count nothing. */
  count(command: string, args: readonly unknown[], reply: Reply): void {
    const count = READING.get(command);
    if (count === undefined) return;
    if (KEY_EACH.has(command) && Array.isArray(reply)) {
      for (const [index, value] of reply.entries()) this.#add(command, args[index], value === null ? 0 : 1, 1);
      return;
    }
    const { found, asked } = count(reply, args);
    this.#add(command, args[0], found, asked);
  }

  #add(command: string, key: unknown, found: number, asked: number): void {
    const name = prefixOf(key);
    const prefix = this.#names.child(name);
    const node = this.#cells.child(prefix).child(command);
    node.value ??= this.#bind(command, prefix.isOverflow ? undefined : name);
    if (found > 0) node.value.hits.add(found);
    if (asked > found) node.value.misses.add(asked - found);
  }

  #bind(command: string, name: string | undefined): CacheCells {
    const attributes =
      name === undefined ? OVERFLOW : { 'cache.name': name, 'db.operation.name': command, 'db.system.name': 'redis' };
    return { hits: this.#hits.bind(attributes), misses: this.#misses.bind(attributes) };
  }
}

function prefixOf(key: unknown): string {
  const text = typeof key === 'string' ? key : key instanceof Uint8Array ? headOf(key) : String(key);
  const end = text.indexOf(':');
  return end > 0 && end <= LONGEST_NAME ? text.slice(0, end) : NO_PREFIX;
}

function headOf(key: Uint8Array): string {
  return Buffer.from(key.buffer, key.byteOffset, Math.min(key.byteLength, LONGEST_NAME + 1)).toString('latin1');
}

function sizeOf(reply: Reply): number {
  if (Array.isArray(reply) || typeof reply === 'string' || reply instanceof Uint8Array) return reply.length;
  if (reply instanceof Map || reply instanceof Set) return reply.size;
  return reply !== null && typeof reply === 'object' ? Object.keys(reply).length : 0;
}
