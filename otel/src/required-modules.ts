import Module from 'node:module';
import * as upstream from 'require-in-the-middle';

/** What a hook has put in the place of what. */
interface Hooked {
  _unhooked: boolean;
  readonly _require: unknown;
  _origRequire: unknown;
  readonly _getBuiltinModule: unknown;
  _origGetBuiltinModule: unknown;
}

/** Where hooks are in Node, and where they keep what was there before. */
const PLACES = [
  [Module.prototype as unknown as Record<string, unknown>, 'require', '_require', '_origRequire'],
  [process as unknown as Record<string, unknown>, 'getBuiltinModule', '_getBuiltinModule', '_origGetBuiltinModule'],
] as const;

const hooks: Hooked[] = [];
/** What puts those in again that were taken out; the first one first. */
const puttingIn: (() => void)[] = [];

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

/** Puts those that were taken out into Node's loader again. */
export function hookRequire(): void {
  for (const hook of hooks) hook._unhooked = false;
  for (const putIn of puttingIn.splice(0)) putIn();
}

/** Takes them out. One that others have put theirs before stays, and does nothing. */
export function unhookRequire(): void {
  for (const hook of hooks.toReversed()) {
    hook._unhooked = true;
    for (const [holder, name, own, before] of PLACES) {
      if (holder[name] !== hook[own]) continue;
      holder[name] = hook[before];
      puttingIn.unshift(() => {
        hook[before] = holder[name];
        holder[name] = hook[own];
      });
    }
  }
}
