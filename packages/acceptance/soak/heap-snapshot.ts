import { readFileSync, rmSync } from 'node:fs';

/** How many there are of each kind of thing in a heap: objects by their constructors, functions by their names, strings. */
export type HeapCounts = ReadonlyMap<string, number>;

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: string[]; readonly node_types: [string[], ...unknown[]] };
  };
  readonly nodes: number[];
  readonly strings: string[];
}

/** What V8 makes and drops of itself as it compiles, and numbers, which are not kept apart. */
const OF_V8 = new Set(['code', 'hidden', 'object shape', 'number', 'synthetic', 'native']);

/** Kinds that are told by their names; of the others each thing has a name of its own. */
const NAMED = new Set(['object', 'closure']);

/** Counts what is in a snapshot, and removes its file. */
export function countHeap(file: string): HeapCounts {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8')) as Snapshot;
  rmSync(file);
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [typeAt, nameAt] = [fields.indexOf('type'), fields.indexOf('name')];
  const counts = new Map<string, number>();
  for (let node = 0; node < nodes.length; node += fields.length) {
    const type = types[0][nodes[node + typeAt] ?? 0] ?? '';
    if (OF_V8.has(type)) continue;
    const kind = NAMED.has(type) ? `${type} ${strings[nodes[node + nameAt] ?? 0]}` : type;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** The kinds of which there are at least so many more, with how many. */
export function grown(before: HeapCounts, after: HeapCounts, least: number): Record<string, number> {
  const more = Array.from(after, ([kind, count]) => [kind, count - (before.get(kind) ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count >= least));
}
