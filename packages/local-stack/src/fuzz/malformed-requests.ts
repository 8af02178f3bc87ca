import { brokenRequests } from './broken-requests.ts';
import { oddRequests } from './odd-requests.ts';
import { Random } from './random.ts';

/** What one connection sends, which is no decent scrape. */
export interface Malformed {
  /** One character a byte; one piece after the other. */
  readonly pieces: readonly string[];
  /** A text in there that no answer may have. */
  readonly mark: string;
  /** What it is answered with, request by request, where HTTP leaves no doubt. */
  readonly expected?: readonly Expected[];
  /** Who ends it: the server, the client that has no more to say, or the client that breaks off. */
  readonly ending: 'by server' | 'by client' | 'reset';
}

export interface Expected {
  readonly isHead: boolean;
  readonly statuses: readonly number[];
}

/** Endless connections, the same ones for the same seed: some are requests that HTTP allows, more are broken. */
export function* malformedRequests(seed: number): Generator<Malformed, never> {
  const random = new Random(seed);
  for (;;) {
    const mark = `zq${random.below(2 ** 31).toString(36)}qz`;
    yield random.chance(0.4) ? oddRequests(random, mark) : brokenRequests(random, mark);
  }
}
