import { InstrumentationNodeModuleDefinition, InstrumentationNodeModuleFile } from '@opentelemetry/instrumentation';

// biome-ignore lint/suspicious/noExplicitAny: a method of a library, whatever its signature
export type Method = (this: any, ...args: any[]) => any;

const replaced = Symbol('otel-register.replaced');

/**
 * Replaces a method of a prototype by what `wrap` makes of it. The replacement keeps the name, the length and the property's
 * attributes of the original; a method that is replaced already or is no function stays as it is.
 */
function patchMethod(target: object, name: string, wrap: (original: Method) => Method): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  const original: unknown = descriptor?.value;
  if (!descriptor || typeof original !== 'function' || replaced in original) return;
  const replacement = wrap(original as Method);
  Object.defineProperties(replacement, {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
    [replaced]: { value: original },
  });
  Object.defineProperty(target, name, { ...descriptor, value: replacement });
}

/** Puts back what {@link patchMethod} replaced, unless somebody else has replaced it since. */
function unpatchMethod(target: object, name: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  const original = (descriptor?.value as { [replaced]?: Method } | undefined)?.[replaced];
  if (descriptor && original) Object.defineProperty(target, name, { ...descriptor, value: original });
}

/** Methods of one module of a package. */
export interface PatchedModule<E = never> {
  /** The module's path as it is required, `pg/lib/query.js`, or the package's name for its main module. */
  readonly module: string;
  /** What of the module's exports has the methods; its prototype unless given. */
  readonly holder?: (exports: E) => object;
  /** By the name of the method. */
  readonly wrappers: Readonly<Record<string, (original: Method) => Method>>;
}

/**
 * A package whose methods are patched when it is loaded, and put back when the probe is disabled. Inner modules are patched
 * where they can be: they are required also when the service imports the package from an ES module.
 *
 * @param versions semantic version ranges; other versions stay as they are
 */
export function patchedPackage(
  name: string,
  versions: string[],
  // biome-ignore lint/suspicious/noExplicitAny: the exports of a library, whatever they are
  modules: readonly PatchedModule<any>[],
): InstrumentationNodeModuleDefinition {
  const main = modules.find(({ module }) => module === name);
  const files = modules
    .filter((inner) => inner !== main)
    .map((inner) => new InstrumentationNodeModuleFile(inner.module, versions, patching(inner), unpatching(inner)));
  return new InstrumentationNodeModuleDefinition(
    name,
    versions,
    main && patching(main),
    main && unpatching(main),
    files,
  );
}

const prototypeOf = (exports: { readonly prototype: object }): object => exports.prototype;

function patching<E>({ holder = prototypeOf as (exports: E) => object, wrappers }: PatchedModule<E>) {
  return (exports: E): E => {
    for (const [method, wrap] of Object.entries(wrappers)) patchMethod(holder(exports), method, wrap);
    return exports;
  };
}

function unpatching<E>({ holder = prototypeOf as (exports: E) => object, wrappers }: PatchedModule<E>) {
  return (exports?: E): void => {
    if (exports) for (const method of Object.keys(wrappers)) unpatchMethod(holder(exports), method);
  };
}
