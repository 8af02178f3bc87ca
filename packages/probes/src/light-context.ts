import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';

/** Most values on top of each other; a service that piles up more gets the API's own kind of context. */
const HIGHEST = 8;

/**
 * A context that costs one small object. Those of the API copy all values into a map and make three functions, each time a
 * value is set, which is at least once a request.
 */
class LightContext implements Context {
  readonly #below: LightContext | undefined;
  readonly #height: number;
  readonly #key: symbol;
  readonly #value: unknown;

  constructor(below: LightContext | undefined, key: symbol, value: unknown) {
    this.#below = below;
    this.#height = below === undefined ? 0 : below.#height + 1;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    for (let at: LightContext | undefined = this; at !== undefined; at = at.#below) {
      if (at.#key === key) return at.#value;
    }
    return undefined;
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#height < HIGHEST ? new LightContext(this, key, value) : this.#heavy().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.setValue(key, undefined);
  }

  #heavy(): Context {
    const below = this.#below === undefined ? ROOT_CONTEXT : this.#below.#heavy();
    return below.setValue(this.#key, this.#value);
  }
}

/** The context without any value. */
export const LIGHT_ROOT: Context = new LightContext(undefined, Symbol('otel-register.nothing'), undefined);
