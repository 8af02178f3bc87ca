import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { type Method, patchMethod } from './patch.ts';
import { isOfService, type OnRequestError } from './request-errors.ts';

interface ExecutionContext {
  getType?(): string;
  getArgByIndex(index: number): unknown;
}

/**
 * Nest answers errors itself, before its Express or Fastify learns of them. Its own modules are ES modules in its newer
 * versions, which cannot be patched when they are loaded, so they are asked for when it makes its application or a route.
 */
export class NestErrors {
  readonly #onError: OnRequestError;
  readonly #failed: (error: unknown) => void;
  readonly #seen = new Set<string>();

  constructor(onError: OnRequestError, failed: (error: unknown) => void) {
    this.#onError = onError;
    this.#failed = failed;
  }

  /** A route of Express, or an application of Fastify, is made: whether by Nest is told by the stack. */
  routeMade(): void {
    const [file] =
      /(?:file:\/\/)?[^\s(]*@nestjs[\\/](?:core|platform-\w+)[\\/][^\s:)]*/.exec(new Error().stack ?? '') ?? [];
    if (file === undefined || this.#seen.has(file)) return;
    this.#seen.add(file);
    try {
      const { ExceptionsHandler } = createRequire(file)('@nestjs/core/exceptions/exceptions-handler.js');
      patchMethod(ExceptionsHandler.prototype, 'next', (original) => this.#handling(original));
    } catch (error) {
      this.#failed(new Error('@nestjs/core is not as expected', { cause: error }));
    }
  }

  #handling(original: Method): Method {
    const told = (error: unknown, context: ExecutionContext) => this.#told(error, context);
    return function next(this: unknown, error: unknown, context: ExecutionContext) {
      told(error, context);
      return original.apply(this, arguments as never);
    };
  }

  #told(error: unknown, context: ExecutionContext): void {
    try {
      if (!isOfService(error)) return;
      const [request, response] = [context.getArgByIndex(0), context.getArgByIndex(1)].map(
        (each) => (each as { raw?: unknown }).raw ?? each,
      );
      this.#onError({
        error,
        framework: 'nestjs',
        request: request as IncomingMessage,
        response: response as ServerResponse,
      });
    } catch (failure) {
      this.#failed(failure);
    }
  }
}
