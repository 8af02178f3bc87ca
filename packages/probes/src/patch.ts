import { InstrumentationNodeModuleDefinition, InstrumentationNodeModuleFile } from '@opentelemetry/instrumentation';

// biome-ignore lint/suspicious/noExplicitAny: a method of a library, whatever its signature
export type Method = (this: any, ...args: any[]) => any;

const replaced = Symbol('otel-register.replaced');

/**
 * Replaces a method of a prototype by what `wrap` makes of it. The replacement keeps the name, the length and the property's
 * attributes of the original; a method that is replaced already stays as it is, and one that `wrap` gives back.
 *
 * @throws Error when there is no such method
 */
export function patchMethod(target: object, name: string, wrap: (original: Method) => Method): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  const original: Method | undefined = descriptor?.value;
  if (!descriptor || typeof original !== 'function') throw new Error(`there is no method ${name}`);
  if (replaced in original) return;
  const wrapper = wrap(original);
  if (wrapper !== original) Object.defineProperty(target, name, { ...descriptor, value: inPlaceOf(original, wrapper) });
}

/**
 * Gives one object a method of its own in place of the one that it has or inherits; the others of its class keep theirs.
 *
 * @throws Error when there is no such method
 */
export function overrideMethod(target: object, name: string, wrap: (original: Method) => Method): void {
  const original: Method | undefined = Reflect.get(target, name);
  if (typeof original !== 'function') throw new Error(`there is no method ${name}`);
  const own = Object.getOwnPropertyDescriptor(target, name) ?? {
    configurable: true,
    writable: true,
    enumerable: false,
  };
  Object.defineProperty(target, name, { ...own, value: inPlaceOf(original, wrap(original)) });
}

/** Undoes {@link overrideMethod}, unless somebody else has replaced the method since. */
export function restoreMethod(target: object, name: string): void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const original = (own?.value as { [replaced]?: Method } | undefined)?.[replaced];
  if (!own || !original) return;
  if (Reflect.get(Object.getPrototypeOf(target), name) === original) Reflect.deleteProperty(target, name);
  else Object.defineProperty(target, name, { ...own, value: original });
}

/** Whether a method is one that took the place of another here. */
export function isReplaced(method: Method): boolean {
  return replaced in method;
}

function inPlaceOf(original: Method, wrapper: Method): Method {
  return Object.defineProperties(wrapper, {
    name: { value: original.name, configurable: true },
    length: { value: original.length, configurable: true },
    [replaced]: { value: original },
  });
}

/** Puts back what {@link patchMethod} replaced, unless somebody else has replaced it since. */
export function unpatchMethod(target: object, name: string): void {
  const descriptor = Object.getOwnPropertyDescriptor(target, name);
  const original = (descriptor?.value as { [replaced]?: Method } | undefined)?.[replaced];
  if (descriptor && original) Object.defineProperty(target, name, { ...descriptor, value: original });
}

/** What is patched of one module of a package: methods, or what it exports. */
export interface PatchedModule<E = never> {
  /** The module's path as it is required, `pg/lib/query.js`, or the package's name for its main module. */
  readonly module: string;
  /** What of the module's exports has the methods; its prototype unless given. */
  readonly holder?: (exports: E) => object;
  /** By the name of the method. */
  readonly wrappers?: Readonly<Record<string, (original: Method) => Method>>;
  /** Makes what is exported in place of `exports`; it must do nothing of its own while the probe is disabled. */
  readonly replace?: (exports: E) => E;
}

/** What a probe is told of the packages that it patches. */
export interface PatchReport {
  /** Something cannot be patched; the service gets its package all the same. */
  readonly failed: (error: unknown) => void;
  /** The package is there in a version that is patched. */
  readonly known: (version: string | undefined) => void;
  /** The package is there. */
  readonly seen: (version: string | undefined) => void;
}

/**
 * A package whose methods are patched when it is loaded, and put back when the probe is disabled.
 *
 * @param versions semantic version ranges; other versions stay as they are
 */
export function patchedPackage(
  name: string,
  versions: string[],
  // biome-ignore lint/suspicious/noExplicitAny: the exports of a library, whatever they are
  modules: readonly PatchedModule<any>[],
  report: PatchReport,
): InstrumentationNodeModuleDefinition {
  const hooks = modules.map((module) => ({ module: module.module, ...hooksOf(module, report) }));
  const main = hooks.find(({ module }) => module === name);
  const files = hooks
    .filter((inner) => inner !== main)
    .map(({ module, patch, unpatch }) => new InstrumentationNodeModuleFile(module, versions, patch, unpatch));
  const see = (exports: unknown, version?: string) => {
    report.seen(version);
    return exports;
  };
  const seen = files.map((file) => new InstrumentationNodeModuleFile(file.name, ['*'], see, () => {}));
  return new InstrumentationNodeModuleDefinition(name, versions, main?.patch, main?.unpatch, [...files, ...seen]);
}

const prototypeOf = (exports: { readonly prototype: object }): object => exports.prototype;

function hooksOf<E>(
  { module, holder = prototypeOf as (exports: E) => object, wrappers = {}, replace }: PatchedModule<E>,
  report: PatchReport,
) {
  /** Every copy of the package that was loaded: there may be one in several versions. */
  const holders = new Set<object>();
  return {
    patch(exports: E, version?: string): E {
      report.known(version);
      try {
        if (replace) return replace(exports);
        const target = holder(exports);
        holders.add(target);
        // When the probe is enabled again, it is told of the last copy only.
        for (const each of holders)
          for (const [method, wrap] of Object.entries(wrappers)) patchMethod(each, method, wrap);
      } catch (error) {
        report.failed(new Error(`${module} is not as expected`, { cause: error }));
      }
      return exports;
    },
    unpatch(): void {
      for (const target of holders) for (const method of Object.keys(wrappers)) unpatchMethod(target, method);
    },
  };
}
