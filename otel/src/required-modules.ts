import Module from 'node:module';
import * as upstream from 'require-in-the-middle';

/** What a hook has put in the place of what. */
interface Hooked {
  _unhooked: boolean;
  readonly _require: unknown;
  readonly _origRequire: unknown;
  readonly _getBuiltinModule: unknown;
  readonly _origGetBuiltinModule: unknown;
}

const hooks: Hooked[] = [];

/**
 * What the bundles have in the place of that of require-in-the-middle, which tells instrumentations of modules that are required: this one
 * can be taken out of Node's loader and put in again. A new one each time would leave its mark on every module.
 */
export class Hook extends upstream.Hook {
  constructor(...options: ConstructorParameters<typeof upstream.Hook>) {
    super(...options);
    hooks.push(this as unknown as Hooked);
  }
}

/** Puts those that there are into Node's loader again. Whoever has come between them and Node meanwhile calls them. */
export function hookRequire(): void {
  for (const hook of hooks) {
    hook._unhooked = false;
    replace(hook._origRequire, hook._require, hook._origGetBuiltinModule, hook._getBuiltinModule);
  }
}

/** Takes them out, the last one first; one that somebody else has replaced since does nothing. */
export function unhookRequire(): void {
  for (const hook of hooks.toReversed()) {
    hook._unhooked = true;
    replace(hook._require, hook._origRequire, hook._getBuiltinModule, hook._origGetBuiltinModule);
  }
}

function replace(require: unknown, byRequire: unknown, getBuiltinModule: unknown, byGetBuiltinModule: unknown): void {
  const { prototype } = Module as unknown as { prototype: { require: unknown } };
  if (prototype.require === require) prototype.require = byRequire;
  if (process.getBuiltinModule === getBuiltinModule) Object.assign(process, { getBuiltinModule: byGetBuiltinModule });
}
