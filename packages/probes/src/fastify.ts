import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setRoute } from './http-route.ts';
import { NestErrors } from './nest-errors.ts';
import { Probe } from './probe.ts';
import { isOfService, type OnRequestError } from './request-errors.ts';

const KNOWN_VERSIONS = /^[45]\./;

interface FastifyRequest {
  readonly raw: IncomingMessage;
  /** Since 4.10. */
  readonly routeOptions?: { readonly url?: string };
  readonly routerPath?: string;
}

interface FastifyReply {
  readonly raw: ServerResponse;
}

interface Fastify {
  readonly version: string;
  addHook(name: 'onRequest', hook: (request: FastifyRequest, reply: FastifyReply, done: () => void) => void): void;
  addHook(
    name: 'onError',
    hook: (request: FastifyRequest, reply: FastifyReply, error: unknown, done: () => void) => void,
  ): void;
}

/**
 * Learns the pattern of the route that Fastify 4 and 5 choose for a request, prefixes and all.
 *
 * Its channel of requests tells nothing of those that a hook or the validation answers, so each application gets a hook, as
 * the first one, before any of the service's.
 */
export class FastifyProbe extends Probe {
  readonly #onInitialization = this.guarded(({ fastify }: { fastify: Fastify }) => this.#initialized(fastify));

  readonly #onError: OnRequestError | undefined;
  readonly #nest: NestErrors | undefined;

  /** @param onError undefined where nobody wants to know of errors */
  constructor(onError?: OnRequestError) {
    super('fastify');
    this.#onError = onError;
    this.#nest = onError && new NestErrors(onError, (error) => this.failed(error));
  }

  override enable(): void {
    if (this.isEnabled()) return;
    super.enable();
    diagnosticsChannel.subscribe('fastify.initialization', this.#onInitialization);
  }

  override disable(): void {
    super.disable();
    diagnosticsChannel.unsubscribe('fastify.initialization', this.#onInitialization);
  }

  #initialized(fastify: Fastify): void {
    if (!KNOWN_VERSIONS.test(fastify.version)) {
      this.unknownVersion('fastify', fastify.version);
      return;
    }
    fastify.addHook('onRequest', (request, _reply, done) => {
      if (this.isEnabled()) this.#routed(request);
      done();
    });
    if (!this.#onError) return;
    this.#nest?.routeMade();
    // Before the service's own handler of errors, if it has one.
    fastify.addHook('onError', (request, reply, error, done) => {
      if (this.isEnabled()) this.#requestFailed(error, request.raw, reply.raw);
      done();
    });
  }

  #requestFailed(error: unknown, request: IncomingMessage, response: ServerResponse): void {
    try {
      if (isOfService(error)) this.#onError?.({ error, framework: 'fastify', request, response });
    } catch (failure) {
      this.failed(failure);
    }
  }

  #routed(request: FastifyRequest): void {
    try {
      const { routeOptions } = request;
      const pattern = routeOptions === undefined ? request.routerPath : routeOptions.url;
      if (pattern !== undefined) setRoute(request.raw, pattern);
    } catch (error) {
      this.failed(error);
    }
  }
}
