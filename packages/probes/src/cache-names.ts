/** Keys that are one cache: a pattern in which `*` stands for any text, and the name of the cache. */
export interface CacheNamePattern {
  readonly pattern: string;
  readonly name: string;
}

/** The longest prefix that can be a name; a longer one is no name that somebody chose. */
const LONGEST_NAME = 64;

/** The name of the cache of all keys that have no prefix. */
const NO_PREFIX = 'default';

/**
 * Names the cache that a key of Redis belongs to: the name of the first pattern that the whole key matches, or else its prefix
 * up to the first `:`.
 */
export class CacheNames {
  readonly #patterns: readonly { readonly parts: readonly string[]; readonly name: string }[];

  constructor(patterns: readonly CacheNamePattern[]) {
    this.#patterns = patterns.map(({ pattern, name }) => ({ parts: pattern.split('*'), name }));
  }

  /** @param key as a library was given it: a text or its bytes */
  nameOf(key: unknown): string {
    const patterns = this.#patterns;
    const most = patterns.length === 0 ? LONGEST_NAME + 1 : Number.POSITIVE_INFINITY;
    const text = typeof key === 'string' ? key : textOf(key, most);
    for (const { parts, name } of patterns) if (matches(text, parts)) return name;
    const end = text.indexOf(':');
    return end > 0 && end <= LONGEST_NAME ? text.slice(0, end) : NO_PREFIX;
  }
}

/** @param most bytes to decode of a key that is bytes */
function textOf(key: unknown, most: number): string {
  if (!(key instanceof Uint8Array)) return String(key);
  return Buffer.from(key.buffer, key.byteOffset, Math.min(key.byteLength, most)).toString();
}

/** Whether a text is these parts with anything in between: each is taken where it is met first, the last one at the end. */
function matches(text: string, parts: readonly string[]): boolean {
  const first = parts[0] as string;
  const last = parts.length - 1;
  if (last === 0) return text === first;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (let i = 1; i < last; i++) {
    const part = parts[i] as string;
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  const end = parts[last] as string;
  return text.length - end.length >= at && text.endsWith(end);
}
