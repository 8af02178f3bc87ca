import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { NestErrors } from './nest-errors.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';
import { isOfService, type OnRequestError } from './request-errors.ts';

/**
 * Tells of the errors that come to the error handling of Express 4 and 5: what a handler throws, rejects with or passes on,
 * whoever handles it then. Only there where somebody wants to know.
 */
export class ExpressErrorsProbe extends Probe {
  readonly #onError: OnRequestError;
  readonly #nest: NestErrors;

  constructor(onError: OnRequestError) {
    super('express-errors');
    this.#onError = onError;
    this.#nest = new NestErrors(onError, (error) => this.failed(error));
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const handling = (original: Method) => this.#handlingError(original);
    const router = { route: (original: Method) => this.#makingRoute(original) };
    return [
      this.patched(
        'router',
        ['>=2.0.0 <3'],
        [
          { module: 'router', wrappers: router },
          { module: 'router/lib/layer.js', wrappers: { handleError: handling } },
        ],
      ),
      this.patched(
        'express',
        ['>=4.0.0 <5'],
        [
          { module: 'express/lib/router/index.js', holder: (exports: object) => exports, wrappers: router },
          { module: 'express/lib/router/layer.js', wrappers: { handle_error: handling } },
        ],
      ),
      // What both end with.
      this.patched(
        'finalhandler',
        ['>=1.0.0 <3'],
        [{ module: 'finalhandler', replace: (make: Method) => this.#makingFinalHandler(make) }],
      ),
    ];
  }

  #makingRoute(original: Method): Method {
    const made = () => this.#nest.routeMade();
    return function route(this: unknown) {
      made();
      return original.apply(this, arguments as never);
    };
  }

  /** The layers that come after an error are each given it, whether they handle errors or not. */
  #handlingError(original: Method): Method {
    const failed = (error: unknown, request: IncomingMessage, response: ServerResponse) =>
      this.#requestFailed(error, request, response);
    return function handleError(this: unknown, error: unknown, request: IncomingMessage, response: ServerResponse) {
      failed(error, request, response);
      return original.apply(this, arguments as never);
    };
  }

  /** What no layer has handled comes to the final handler. */
  #makingFinalHandler(make: Method): Method {
    const failed = (error: unknown, request: IncomingMessage, response: ServerResponse) =>
      this.#requestFailed(error, request, response);
    function finalhandler(this: unknown, request: IncomingMessage, response: ServerResponse) {
      const handle: Method = make.apply(this, arguments as never);
      return function (this: unknown, error: unknown) {
        if (error) failed(error, request, response);
        return handle.apply(this, arguments as never);
      };
    }
    return Object.defineProperty(finalhandler, 'length', { value: make.length });
  }

  #requestFailed(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    if (!this.isEnabled()) return;
    try {
      if (isOfService(error)) this.#onError({ error, framework: 'express', request, response });
    } catch (failure) {
      this.failed(failure);
    }
  }
}
