import { readFileSync, statSync } from 'node:fs';

/** Milliseconds for which nobody looks again. */
const PACE = 1000;

/**
 * Files that are read again when they have changed. They are looked at when they are asked for and not watched: Kubernetes
 * changes a mounted file by another target of a link above it, which watchers miss.
 */
export class ChangingFiles {
  readonly #paths: readonly string[];
  #lookedAt = Number.NEGATIVE_INFINITY;
  #state = '';

  constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /**
   * What is in the files; undefined when they are as they were at the last call.
   *
   * @throws Error when one of them cannot be read; again while that lasts
   */
  changed(): Buffer[] | undefined {
    const now = performance.now();
    if (now - this.#lookedAt < PACE) return undefined;
    this.#lookedAt = now;
    const before = this.#state;
    this.#state = '';
    const state = this.#paths.map(stateOf).join();
    const contents = state === before ? undefined : this.#paths.map((path) => readFileSync(path));
    this.#state = state;
    return contents;
  }
}

function stateOf(path: string): string {
  const { dev, ino, size, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`;
}
