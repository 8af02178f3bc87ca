import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Attributes, Context } from '@opentelemetry/api';
import { methodName } from './http-conventions.ts';
import { routeOf } from './http-route.ts';
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
