import type { RedisConnection } from './redis-metrics.ts';

/** What node-redis sends by itself too, and when it does. */
const BY_ITSELF = new Map<string, 'on connecting' | 'always' | 'with clusters' | 'to sentinels'>([
  ['AUTH', 'on connecting'],
  ['CLIENT', 'on connecting'],
  ['HELLO', 'on connecting'],
  ['READONLY', 'on connecting'],
  ['SELECT', 'on connecting'],
  ['ASKING', 'always'],
  ['SENTINEL', 'always'],
  ['CLUSTER', 'with clusters'],
  ['PSUBSCRIBE', 'to sentinels'],
]);

/** Tells the commands of the service from those that node-redis sends to connect and to find its way. */
export class OwnCommands {
  /** Whether there are clusters, whose slots it asks for. */
  hasCluster = false;
  /** Where SENTINEL was asked: it subscribes there too. */
  readonly #sentinels = new Set<string>();

  /** @param isFirst whether the command goes before all that wait, as those on connecting do */
  has(on: RedisConnection, operation: string, isFirst: boolean): boolean {
    switch (BY_ITSELF.get(operation)) {
      case undefined:
        return false;
      case 'on connecting':
        return isFirst;
      case 'with clusters':
        return this.hasCluster;
      case 'to sentinels':
        return this.#sentinels.has(nameOf(on));
      default:
        if (operation === 'SENTINEL') this.#sentinels.add(nameOf(on));
        return true;
    }
  }
}

function nameOf({ server: { address, port } }: RedisConnection): string {
  return `${address}:${port}`;
}
