import Module from 'node:module';
import { join } from 'node:path';

interface CompiledModule {
  exports: unknown;
  loaded: boolean;
  _compile(content: string, filename: string, ...rest: unknown[]): unknown;
  require(id: string): unknown;
}

const prototype = Module.prototype as unknown as CompiledModule;
const watched: string[] = [];

/**
 * Sees to it that the main module of a package is patched also when an ES module imports it. Node loads it without `require`
 * then, which is where patches are hooked in, so it is required once more before the importing module is given its exports.
 *
 * @param file its path from node_modules on, with slashes
 */
export function watchImports(file: string): void {
  if (watched.length === 0) prototype._compile = compiling(prototype._compile);
  watched.push(join('/node_modules', file));
}

function compiling(original: CompiledModule['_compile']): CompiledModule['_compile'] {
  return function _compile(this: CompiledModule, content, filename, ...rest) {
    const result = original.call(this, content, filename, ...rest);
    if (watched.some((path) => filename.endsWith(path))) {
      // As Node would do next: a module that is not loaded is not given away by `require` as it is.
      this.loaded = true;
      this.exports = this.require(filename);
    }
    return result;
  };
}
