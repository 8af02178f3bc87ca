import type { Span, SpanContext } from '@opentelemetry/api';

/**
 * A span that the sampler has decided against before anything was made of it. It records nothing and carries the decision on;
 * it gets its ids when somebody asks for them, as a request does that is sent on.
 */
export class LeftOutSpan implements Span {
  readonly #caller: SpanContext | undefined;
  readonly #drawn: number;
  readonly #make: (caller: SpanContext | undefined, drawn: number) => SpanContext;
  #context: SpanContext | undefined = undefined;

  /**
   * @param caller whose trace it is in; undefined where it begins one
   * @param drawn the number that decided, where one was drawn
   * @param make makes its context of both
   */
  constructor(
    caller: SpanContext | undefined,
    drawn: number,
    make: (caller: SpanContext | undefined, drawn: number) => SpanContext,
  ) {
    this.#caller = caller;
    this.#drawn = drawn;
    this.#make = make;
  }

  spanContext(): SpanContext {
    this.#context ??= this.#make(this.#caller, this.#drawn);
    return this.#context;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}

  end(): void {}
}
