import { InstrumentationNodeModuleFile } from '@opentelemetry/instrumentation';

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

/**
 * A file of a library whose methods are patched when it is loaded, and put back when the probe is disabled. Patching the file
 * rather than the package reaches it however it is loaded: an `import` of a CommonJS package requires its inner files too.
 *
 * @param file path within the package's parent folder, such as `pg/lib/query.js`
 * @param holder what of the file's exports has the methods
 * @param wrappers by the name of the method
 */
export function patchedFile<E>(
  file: string,
  versions: string[],
  holder: (exports: E) => object,
  wrappers: Readonly<Record<string, (original: Method) => Method>>,
): InstrumentationNodeModuleFile {
  return new InstrumentationNodeModuleFile(
    file,
    versions,
    (exports: E) => {
      for (const [method, wrap] of Object.entries(wrappers)) patchMethod(holder(exports), method, wrap);
      return exports;
    },
    (exports?: E) => {
      if (exports) for (const method of Object.keys(wrappers)) unpatchMethod(holder(exports), method);
    },
  );
}
