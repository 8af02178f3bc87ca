import type { Method } from './patch.ts';

/** A class whose every new object is shown to `made`, with the arguments that it was made with. */
export function constructing<T>(made: (object: T, args: readonly unknown[]) => void): (original: Method) => Method {
  return (original) => {
    const replacement = function () {
      const object = Reflect.construct(original, arguments, new.target === replacement ? original : new.target);
      made(object, Array.from(arguments));
      return object;
    };
    replacement.prototype = original.prototype;
    return Object.setPrototypeOf(replacement, original);
  };
}
