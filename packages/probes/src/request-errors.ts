import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import type { Attributes, Context } from '@opentelemetry/api';
import { methodName } from './http-conventions.ts';
import { routeOf } from './http-route.ts';
import { type Method, patchMethod } from './patch.ts';
import { requestContext } from './request-context.ts';

/** An error that a framework was left with when it handled a request. */
export interface RequestError {
  readonly error: unknown;
  readonly framework: 'express' | 'fastify' | 'koa' | 'nestjs';
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** Told of each error that is the service's own, maybe several times of the same one. Must not throw. */
export type OnRequestError = (failed: RequestError) => void;

/** Whether an error is none of the client's: every framework answers it with 500, unless it says a status itself. */
export function isOfService(error: unknown): boolean {
  const { statusCode, status } = (error ?? {}) as { statusCode?: unknown; status?: unknown };
  const said = Number(statusCode ?? status);
  return !(said >= 400 && said < 500);
}

/** The context that a request is served in; undefined where requests have none. */
export function contextOf(request: IncomingMessage & { readonly stream?: unknown }): Context | undefined {
  return requestContext(request) ?? requestContext(request.stream);
}

/** What tells the series of `http.server.request.duration` that a request is counted in, as far as it is known by now. */
export function requestAttributes(request: IncomingMessage, response: ServerResponse | undefined): Attributes {
  const status = response?.headersSent ? response.statusCode : undefined;
  const isAborted = response?.closed && !response.writableFinished;
  const failed = status !== undefined && status >= 500 ? String(status) : undefined;
  return {
    'http.request.method': methodName(request.method),
    'http.route': routeOf(request),
    'http.response.status_code': status,
    'url.scheme': (request.socket as { encrypted?: boolean } | undefined)?.encrypted ? 'https' : 'http',
    'network.protocol.version': request.httpVersion === '2.0' ? '2' : request.httpVersion,
    'error.type': isAborted ? 'aborted' : failed,
  };
}

interface ExecutionContext {
  getType?(): string;
  getArgByIndex(index: number): unknown;
}

/**
 * Nest answers errors itself, before its Express or Fastify learns of them. Its own modules are ES modules in its newer
 * versions, which cannot be patched when they are loaded, so they are asked for when it makes its application.
 */
export class NestErrors {
  readonly #onError: OnRequestError;
  readonly #failed: (error: unknown) => void;
  readonly #seen = new Set<string>();

  constructor(onError: OnRequestError, failed: (error: unknown) => void) {
    this.#onError = onError;
    this.#failed = failed;
  }

  /** An application of Express or Fastify is made: whether by Nest is told by the stack. */
  applicationMade(): void {
    const [adapter] =
      /(?:file:\/\/)?[^\s(]*@nestjs[\\/]platform-(?:express|fastify)[^\s:)]*/.exec(new Error().stack ?? '') ?? [];
    if (adapter === undefined || this.#seen.has(adapter)) return;
    this.#seen.add(adapter);
    try {
      const { ExceptionsHandler } = createRequire(adapter)('@nestjs/core/exceptions/exceptions-handler.js');
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
