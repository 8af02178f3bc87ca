import { readFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

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

/** `registerHooks` is there from Node.js 22.15 on; `register`, whose hooks run on a thread of their own, is deprecated by now. */
const { registerHooks, register } = module as {
  registerHooks?: (hooks: { load: Load }) => { deregister(): void };
  register: (loader: string) => void;
};

const replacing = Symbol.for('otel-register.replacing');
const replacements: Record<string, (value: unknown, url: string) => unknown> = {};
const hooks = new Map<string, { deregister(): void }>();

/**
 * For what exists as an ES module only and has no method that could be replaced: lets the module itself replace a variable of
 * its own. The one line that does so is added to the end of its source, so that all positions in it stay.
 *
 * Node's loader is touched only where the package can be found from the program's main script, and before Node.js 22.15, where
 * that costs a thread, only where that script is an ES module itself.
 */
export function watchSource<T>({ name, file, binding, replace }: WatchedSource<T>): void {
  const script = process.argv[1] ?? join(process.cwd(), 'index.js');
  if (!isInstalled(name, script)) return;
  replacements[name] = (value, url) => replace(value as T, versionAt(url.slice(0, -file.length)));
  Object.defineProperty(globalThis, replacing, { value: replacements, configurable: true });
  const path = `/node_modules/${name}/${file}`;
  const call = `globalThis[Symbol.for('${replacing.description}')]['${name}'](${binding}, import.meta.url)`;
  const line = `\ntry { ${binding} = ${call}; } catch {}\n`;
  if (registerHooks) {
    hooks.set(name, registerHooks({ load: withLine(path, line) }));
  } else if (isMainThread && isEsModule(script)) {
    register(`data:text/javascript,${encodeURIComponent(loaderOf(path, line))}`);
  }
}

/** Ends what {@link watchSource} began; a module that was loaded meanwhile stays as it is. */
export function stopWatchingSource(name: string): void {
  hooks.get(name)?.deregister();
  hooks.delete(name);
  delete replacements[name];
}

function withLine(path: string, line: string): Load {
  return (url, context, nextLoad) => {
    const loaded = nextLoad(url, context);
    if (!url.endsWith(path) || loaded.source == null) return loaded;
    const { source } = loaded;
    return { ...loaded, source: (typeof source === 'string' ? source : new TextDecoder().decode(source)) + line };
  };
}

/** The same as a module for the loader's thread. */
function loaderOf(path: string, line: string): string {
  return `export async function load(url, context, nextLoad) {
    const loaded = await nextLoad(url, context);
    if (!url.endsWith(${JSON.stringify(path)}) || loaded.source == null) return loaded;
    return { ...loaded, source: Buffer.from(loaded.source).toString() + ${JSON.stringify(line)} };
  }`;
}

function isInstalled(name: string, script: string): boolean {
  try {
    createRequire(script).resolve(name);
    return true;
  } catch {
    return false;
  }
}

function isEsModule(script: string): boolean {
  if (/\.[cm][jt]s$/.test(script)) return /\.m/.test(script);
  for (let folder = dirname(script); ; folder = dirname(folder)) {
    try {
      return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).type === 'module';
    } catch {
      if (folder === dirname(folder)) return false;
    }
  }
}

/** @param folder URL of the package, with a slash at the end */
function versionAt(folder: string): string {
  return JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')).version;
}
