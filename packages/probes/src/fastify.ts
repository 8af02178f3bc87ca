import diagnosticsChannel from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { setRoute } from './http-route.ts';
import { Probe } from './probe.ts';

const KNOWN_VERSIONS = /^[45]\./;

interface FastifyRequest {
  readonly raw: IncomingMessage;
  /** Since 4.10. */
  readonly routeOptions?: { readonly url?: string };
  readonly routerPath?: string;
}

interface Fastify {
  readonly version: string;
  addHook(name: 'onRequest', hook: (request: FastifyRequest, reply: unknown, done: () => void) => void): void;
}

/**
 * Learns the pattern of the route that Fastify 4 and 5 choose for a request, prefixes and all.
 *
 * Its channel of requests tells nothing of those that a hook or the validation answers, so each application gets a hook, as
 * the first one, before any of the service's.
 */
export class FastifyProbe extends Probe {
  readonly #onInitialization = this.guarded(({ fastify }: { fastify: Fastify }) => this.#initialized(fastify));

  constructor() {
    super('fastify');
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
