import { type CellRegistry, type CounterCell, type CounterMetric, KeyTree, OVERFLOW } from '@otel-register/cells';
import { type CacheNamePattern, CacheNames } from './cache-names.ts';

/** Most cache names that are learned from keys; further ones are counted together. */
const MOST_NAMES = 100;

/** A reply as it came from Redis: null is a missing key in RESP2 and RESP3 alike. */
type Reply = unknown;

/** Whether a reply, or a part of one, says that what was asked for is there. */
type Tell = (reply: Reply) => boolean;

const value: Tell = (reply) => reply !== null && reply !== undefined;

/** A number may come as a text, where the service has asked its library for that. */
const flag: Tell = (reply) => Number(reply) > 0;

/** A hash or a set with nothing in it is not there, in any form that the libraries give it. */
const whole: Tell = (reply) => {
  if (Array.isArray(reply)) return reply.length > 0;
  if (reply instanceof Map || reply instanceof Set) return reply.size > 0;
  for (const _ in reply as object) return true;
  return false;
};

/**
 * The commands whose reply tells for each key, field or member that was asked for whether it was there. The others do not: an
 * empty answer to GETRANGE, say, may be of a key that is there.
 */
const READING = new Map<string, { readonly tell: Tell; readonly of: 'key' | 'fields' | 'keys' | 'number of keys' }>([
  ['GET', { tell: value, of: 'key' }],
  ['GETEX', { tell: value, of: 'key' }],
  ['GETDEL', { tell: value, of: 'key' }],
  ['HGET', { tell: value, of: 'key' }],
  ['JSON.GET', { tell: value, of: 'key' }],
  ['HGETALL', { tell: whole, of: 'key' }],
  ['SMEMBERS', { tell: whole, of: 'key' }],
  ['HEXISTS', { tell: flag, of: 'key' }],
  ['SISMEMBER', { tell: flag, of: 'key' }],
  ['SMISMEMBER', { tell: flag, of: 'fields' }],
  ['HMGET', { tell: value, of: 'fields' }],
  ['HGETEX', { tell: value, of: 'fields' }],
  ['HGETDEL', { tell: value, of: 'fields' }],
  ['MGET', { tell: value, of: 'keys' }],
  ['JSON.MGET', { tell: value, of: 'keys' }],
  ['EXISTS', { tell: flag, of: 'number of keys' }],
]);

interface CacheCells {
  readonly hits: CounterCell;
  readonly misses: CounterCell;
}

/** Counts cache hits and misses by the replies of Redis, under the names that {@link CacheNames} gives; no key is kept. */
export class CacheCounters {
  readonly #hits: CounterMetric;
  readonly #misses: CounterMetric;
  readonly #names: CacheNames;
  /** By name and command. */
  readonly #cells: KeyTree<Map<string, CacheCells>>;

  constructor(cells: CellRegistry, patterns: readonly CacheNamePattern[]) {
    this.#hits = cells.counter({ name: 'cache.hits', unit: '{hit}', description: 'Keys that were read and found.' });
    this.#misses = cells.counter({
      name: 'cache.misses',
      unit: '{miss}',
      description: 'Keys that were read and not there.',
    });
    this.#names = new CacheNames(patterns);
    this.#cells = KeyTree.bounded(MOST_NAMES + patterns.length);
    // Those that somebody has chosen have their place, whatever is learned before they are met.
    for (const { name } of patterns) this.#cells.child(name);
  }

  /**
   * Counts a successful reply; commands that read nothing count nothing.
   *
   * @param command in capitals
   * @param firstKey which of `args` is the first key
   */
  count(command: string, args: readonly unknown[], firstKey: number, reply: Reply): void {
    const reading = READING.get(command);
    if (reading === undefined) return;
    const { tell, of } = reading;
    if (of === 'key') this.#add(command, args[firstKey], tell(reply) ? 1 : 0, 1);
    else if (of === 'number of keys') this.#addNumber(command, args, firstKey, Number(reply));
    else if (Array.isArray(reply)) {
      for (let i = 0; i < reply.length; i++) {
        this.#add(command, args[of === 'keys' ? firstKey + i : firstKey], tell(reply[i]) ? 1 : 0, 1);
      }
    }
  }

  /** Where some keys are there and some are not, it is not said which: all are counted under the name of the first. */
  #addNumber(command: string, args: readonly unknown[], firstKey: number, found: number): void {
    const asked = args.length - firstKey;
    if (found > 0 && found < asked) this.#add(command, args[firstKey], found, asked);
    else for (let i = firstKey; i < args.length; i++) this.#add(command, args[i], found > 0 ? 1 : 0, 1);
  }

  #add(command: string, key: unknown, found: number, asked: number): void {
    const name = this.#names.nameOf(key);
    const node = this.#cells.child(name);
    node.value ??= new Map();
    let cells = node.value.get(command);
    if (cells === undefined) {
      cells = this.#bind(command, node.isOverflow ? undefined : name);
      node.value.set(command, cells);
    }
    if (found > 0) cells.hits.add(found);
    if (asked > found) cells.misses.add(asked - found);
  }

  #bind(command: string, name: string | undefined): CacheCells {
    const attributes =
      name === undefined ? OVERFLOW : { 'cache.name': name, 'db.operation.name': command, 'db.system.name': 'redis' };
    return { hits: this.#hits.bind(attributes), misses: this.#misses.bind(attributes) };
  }
}
