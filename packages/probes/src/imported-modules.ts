import Module from 'node:module';
import { join } from 'node:path';

type Compile = (this: CompiledModule, content: string, filename: string, ...rest: unknown[]) => unknown;

interface CompiledModule {
  readonly filename: string | null;
  exports: unknown;
  loaded: boolean;
  _compile: Compile;
  require(id: string): unknown;
}

const prototype = Module.prototype as unknown as CompiledModule;
/** Ends of the names of files. */
const watched: string[] = [];
/** Folders that are in the names of files. */
const watchedFolders: string[] = [];

/**
 * Sees to it that the main module of a package is patched also when an ES module imports it. Node loads it without `require`
 * then, which is where patches are hooked in, so it is required once more before the importing module is given its exports.
 *
 * @param file its path from node_modules on, with slashes
 */
export function watchImports(file: string): void {
  watch();
  watched.push(join('/node_modules', file));
}

/** The same for a package of which nobody knows the main module before it is there. */
export function watchImportsOf(name: string): void {
  watch();
  watchedFolders.push(join('/node_modules', name, '/'));
}

function watch(): void {
  if (watched.length + watchedFolders.length === 0) watchCompilations(prototype._compile);
}

function isWatched(filename: string | null | undefined): boolean {
  if (!filename) return false;
  return watched.some((path) => filename.endsWith(path)) || watchedFolders.some((path) => filename.includes(path));
}

/**
 * A property that is asked which function to call, and not a function around it: that one would stand in the stack of every
 * error that a module of the service throws while it is loaded.
 */
function watchCompilations(original: Compile): void {
  // Node's has none, and V8 tells it in stacks by the property that it finds it in.
  Object.defineProperty(original, 'name', { value: '_compile', configurable: true });
  const compileWatched = compiling(original);
  Object.defineProperty(prototype, '_compile', {
    configurable: true,
    enumerable: true,
    get(this: CompiledModule) {
      return isWatched(this.filename) ? compileWatched : original;
    },
    // Others that compile, such as ts-node, assign theirs.
    set(this: CompiledModule, value: Compile) {
      Object.defineProperty(this, '_compile', { value, configurable: true, enumerable: true, writable: true });
    },
  });
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
