import { parseArgs } from 'node:util';

export interface Options {
  /** A rough answer in two minutes. */
  readonly quick: boolean;
  /** The Node.js to run servers on, if it is not the usual one. */
  readonly node: string | undefined;
  /** What is measured; both are everything unless something was named. */
  readonly sections: readonly string[];
  readonly variants: readonly string[];
}

/**
 * Reads the command line: `--quick`, `--node <path>`, and `--only <name>` any number of times or with commas.
 *
 * @throws Error that says what could have been named
 */
export function readOptions(
  args: readonly string[],
  known: { readonly sections: readonly string[]; readonly variants: readonly string[] },
): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      node: { type: 'string' },
      only: { type: 'string', multiple: true, default: [] },
    },
  });
  const only = values.only.flatMap((list) => list.split(','));
  const unknown = only.find((name) => !known.sections.includes(name) && !known.variants.includes(name));
  if (unknown !== undefined) {
    throw new Error(
      `--only ${unknown} is nothing that is measured: expected some of ${[...known.sections, ...known.variants].join(', ')}`,
    );
  }
  const named = (names: readonly string[]) => {
    const chosen = names.filter((name) => only.includes(name));
    return chosen.length > 0 ? chosen : names;
  };
  return {
    quick: values.quick,
    node: values.node,
    sections: named(known.sections),
    variants: named(known.variants),
  };
}
