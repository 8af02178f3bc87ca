import type { IncomingMessage } from 'node:http';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { setRoute } from './http-route.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';

type RestifyRequest = IncomingMessage & { readonly route?: { readonly path: string } };

/** Learns the pattern of the route that Restify 11 and 12 choose for a request. */
export class RestifyProbe extends Probe {
  constructor() {
    super('restify');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const wrappers = { lookup: (original: Method) => this.#lookingUp(original) };
    return [this.patched('restify', ['>=11.0.0 <13'], [{ module: 'restify/lib/router.js', wrappers }])];
  }

  #lookingUp(original: Method): Method {
    const routed = (request: RestifyRequest) => this.#routed(request);
    return function lookup(this: unknown, request: RestifyRequest) {
      const handler: unknown = original.apply(this, arguments as never);
      if (handler !== undefined) routed(request);
      return handler;
    };
  }

  #routed(request: RestifyRequest): void {
    try {
      if (request.route) setRoute(request, request.route.path);
    } catch (error) {
      this.failed(error);
    }
  }
}
