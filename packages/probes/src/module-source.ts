import { readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { join } from 'node:path';

/** A variable of an ES module that gets another value as soon as the module has been evaluated. */
export interface WatchedSource<T> {
  /** The package's name. */
  readonly name: string;
  /** The module's path in the package. */
  readonly file: string;
  /** The variable, which may be exported and must not be a constant. */
  readonly binding: string;
  readonly replace: (value: T, version: string) => T;
}

interface Loaded {
  source?: string | Uint8Array | null | undefined;
}
type Load = (url: string, context: unknown, nextLoad: (url: string, context: unknown) => Loaded) => Loaded;

/** Node.js 22.15 and later. */
const { registerHooks } = module as {
  registerHooks?: (hooks: { load: Load }) => { deregister(): void };
};

const replacing = Symbol.for('otel-register.replacing');
const replacements: Record<string, WatchedSource<unknown>['replace']> = {};
const hooks = new Map<string, { deregister(): void }>();

/**
 * For what exists as an ES module only and has no method that could be replaced: lets the module itself replace a variable of
 * its own. The one line that does so is added to the end of its source, so that all positions in it stay.
 *
 * Node's loader is touched only where the package can be found from the program's main script.
 *
 * @returns false when this Node.js cannot do so and the package is there
 */
export function watchSource<T>({ name, file, binding, replace }: WatchedSource<T>): boolean {
  if (!isInstalled(name)) return true;
  if (!registerHooks) return false;
  replacements[name] = replace as WatchedSource<unknown>['replace'];
  Object.defineProperty(globalThis, replacing, { value: replacements, configurable: true });
  const path = `/node_modules/${name}/${file}`;
  const load: Load = (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(path) || loaded.source == null) return loaded;
    const arguments_ = `${binding}, ${JSON.stringify(versionAt(url.slice(0, -file.length)))}`;
    const line = `${binding} = globalThis[Symbol.for('${replacing.description}')]['${name}'](${arguments_});`;
    return { ...loaded, source: `${textOf(loaded.source)}\ntry { ${line} } catch {}\n` };
  };
  hooks.set(name, registerHooks({ load }));
  return true;
}

/** Ends what {@link watchSource} began; a module that was loaded meanwhile stays as it is. */
export function stopWatchingSource(name: string): void {
  hooks.get(name)?.deregister();
  hooks.delete(name);
}

function isInstalled(name: string): boolean {
  try {
    createRequire(process.argv[1] ?? join(process.cwd(), 'index.js')).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** @param folder URL of the package, with a slash at the end */
function versionAt(folder: string): string {
  return JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')).version;
}

function textOf(source: NonNullable<Loaded['source']>): string {
  return typeof source === 'string' ? source : new TextDecoder().decode(source);
}
