import { readFileSync, rmSync } from 'node:fs';

/** What is in a heap but for what V8 keeps of the code. */
export interface HeapContent {
  /** How many things there are of each kind: objects by their constructors, functions by their names, strings, arrays. */
  readonly counts: ReadonlyMap<string, number>;
  /** Of all of them. */
  readonly bytes: number;
}

interface Snapshot {
  readonly snapshot: {
    readonly meta: { readonly node_fields: string[]; readonly node_types: [string[], ...unknown[]] };
  };
  readonly nodes: number[];
  readonly strings: string[];
}

/** What V8 makes and drops as it compiles, what is not in the heap, and numbers, which are not kept apart. */
const LEFT_OUT = new Set(['code', 'hidden', 'object shape', 'number', 'synthetic', 'native']);

/** Kinds that are told by their names; of the others each thing has a name of its own. */
const NAMED = new Set(['object', 'closure']);

/** Reads a snapshot, and removes its file. */
export function contentOf(file: string): HeapContent {
  const { snapshot, nodes, strings } = JSON.parse(readFileSync(file, 'utf8')) as Snapshot;
  rmSync(file);
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, name, size] = ['type', 'name', 'self_size'].map((field) => fields.indexOf(field)) as [
    number,
    number,
    number,
  ];
  const counts = new Map<string, number>();
  let bytes = 0;
  for (let node = 0; node < nodes.length; node += fields.length) {
    const kind = types[0][nodes[node + type] ?? 0] ?? '';
    if (LEFT_OUT.has(kind)) continue;
    const told = NAMED.has(kind) ? `${kind} ${strings[nodes[node + name] ?? 0]}` : kind;
    counts.set(told, (counts.get(told) ?? 0) + 1);
    bytes += nodes[node + size] ?? 0;
  }
  return { counts, bytes };
}

/** The kinds of which there are at least so many more, with how many. */
export function grown(before: HeapContent, after: HeapContent, least: number): Record<string, number> {
  const more = Array.from(after.counts, ([kind, count]) => [kind, count - (before.counts.get(kind) ?? 0)] as const);
  return Object.fromEntries(more.filter(([, count]) => count >= least));
}
