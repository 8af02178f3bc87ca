import Module, { createRequire } from 'node:module';
import { dirname, sep } from 'node:path';

type Compile = (this: CompiledModule, content: string, filename: string, ...rest: unknown[]) => unknown;

interface CompiledModule {
  readonly filename: string | null;
  exports: unknown;
  loaded: boolean;
  _compile: Compile;
  require(id: string): unknown;
}

const prototype = Module.prototype as unknown as CompiledModule;
const names = new Set<string>();
/** Of each package that was met: the file that is its main module. */
const mains = new Map<string, string | undefined>();
let stopWatching: (() => void) | undefined;

/**
 * What the bundles have in the place of import-in-the-middle, with which each instrumentation watches the packages that it
 * patches: that one would have to go through all ES modules of the service. This one sees to it that the main module of a
 * package is patched also when an ES module imports it. Node loads it without `require` then, which is where patches are
 * hooked in, so it is required once more before the importing module is given its exports.
 */
export class Hook {
  constructor([name]: [name: string]) {
    names.add(name);
    watchImports();
  }
}

/** Begins to watch, where there are packages to watch. */
export function watchImports(): void {
  if (names.size > 0 && !stopWatching) stopWatching = watchCompilations(prototype._compile);
}

/** Ends it until it is begun again; what somebody else has put in the place of ours meanwhile stays. */
export function unwatchImports(): void {
  stopWatching?.();
  stopWatching = undefined;
}

/**
 * A property that is asked which function to call, and not a function around it: that one would stand in the stack of every
 * error that a module of the service throws while it is loaded.
 */
function watchCompilations(original: Compile): () => void {
  const { name } = original;
  // Node's has none, and V8 tells it in stacks by the property that it finds it in.
  Object.defineProperty(original, 'name', { value: '_compile', configurable: true });
  const compileWatched = compiling(original);
  const get = function (this: CompiledModule) {
    return this.filename && isWatched(this.filename) ? compileWatched : original;
  };
  Object.defineProperty(prototype, '_compile', {
    configurable: true,
    enumerable: true,
    get,
    // Others that compile, such as ts-node, assign theirs.
    set(this: CompiledModule, value: Compile) {
      Object.defineProperty(this, '_compile', { value, configurable: true, enumerable: true, writable: true });
    },
  });
  return () => {
    if (Object.getOwnPropertyDescriptor(prototype, '_compile')?.get !== get) return;
    Object.defineProperty(original, 'name', { value: name, configurable: true });
    Object.defineProperty(prototype, '_compile', {
      value: original,
      configurable: true,
      enumerable: true,
      writable: true,
    });
  };
}

function isWatched(filename: string): boolean {
  const start = filename.lastIndexOf(NODE_MODULES) + NODE_MODULES.length;
  if (start < NODE_MODULES.length) return false;
  const [first = '', second = ''] = filename.slice(start).split(sep, 2);
  const name = first.startsWith('@') ? `${first}/${second}` : first;
  if (!names.has(name)) return false;
  const folder = filename.slice(0, start + name.length);
  if (!mains.has(folder)) mains.set(folder, mainOf(name, folder));
  return mains.get(folder) === filename;
}

const NODE_MODULES = `${sep}node_modules${sep}`;

function mainOf(name: string, folder: string): string | undefined {
  try {
    return createRequire(dirname(folder) + sep).resolve(name);
  } catch {
    return undefined;
  }
}

function compiling(original: Compile): Compile {
  return function _compile(content, filename, ...rest) {
    const result = original.call(this, content, filename, ...rest);
    // As Node would do next: a module that is not loaded is not given away by `require` as it is.
    this.loaded = true;
    this.exports = this.require(filename);
    return result;
  };
}
