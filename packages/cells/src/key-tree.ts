/**
 * Finds what belongs to a list of values by one Map look-up each, so that a request of a kind that was seen before costs no
 * key string, no object and no array:
 *
 *     const node = tree.child(method).child(route).child(status);
 *     const cells = node.value ?? bind(node, method, route, status);
 *
 * The tree is bounded: once it has `limit` nodes, values never seen before all lead to one overflow node with one value.
 * What was known before stays where it is.
 */
export class KeyTree<T> {
  value: T | undefined = undefined;
  /** The child that was asked for last, which is often the next one too, and often the only one. */
  #latestKey: unknown = NOTHING;
  #latest: KeyTree<T> | undefined = undefined;
  readonly #children = new Map<unknown, KeyTree<T>>();
  readonly #budget: Budget<T>;

  private constructor(budget: Budget<T>) {
    this.#budget = budget;
  }

  /** @param limit nodes in the whole tree, the root not counted */
  static bounded<T>(limit: number): KeyTree<T> {
    return new KeyTree<T>({ left: limit, overflow: undefined });
  }

  /** The node for `key` below this one: made at first sight, the overflow node when the tree is full. */
  child(key: unknown): KeyTree<T> {
    if (key === this.#latestKey) return this.#latest!;
    const child = this.#children.get(key) ?? this.#grow(key);
    this.#latestKey = key;
    this.#latest = child;
    return child;
  }

  /** Whether this node stands for all the values that came after the tree was full. */
  get isOverflow(): boolean {
    return this.#budget.overflow === this;
  }

  #grow(key: unknown): KeyTree<T> {
    const budget = this.#budget;
    if (this.isOverflow) return this;
    if (budget.left === 0) {
      budget.overflow ??= new KeyTree(budget);
      return budget.overflow;
    }
    budget.left--;
    const child = new KeyTree(budget);
    this.#children.set(key, child);
    return child;
  }
}

/** No key: the one that a node without children was asked for last. */
const NOTHING = Symbol('nothing');

/** What the nodes of one tree share. */
interface Budget<T> {
  left: number;
  overflow: KeyTree<T> | undefined;
}
