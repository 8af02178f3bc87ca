import type { IncomingMessage } from 'node:http';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { setRoute } from './http-route.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';

interface HapiRequest {
  readonly raw: { readonly req: IncomingMessage };
  readonly route: { readonly method: string; readonly path: string };
}

/** Learns the pattern of the route that Hapi 20 and 21 choose for a request, with the prefix of its plugin. */
export class HapiProbe extends Probe {
  constructor() {
    super('hapi');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const wrappers = { _lookup: (original: Method) => this.#lookingUp(original) };
    return [this.patched('@hapi/hapi', ['>=20.0.0 <22'], [{ module: '@hapi/hapi/lib/request.js', wrappers }])];
  }

  #lookingUp(original: Method): Method {
    const routed = (request: HapiRequest) => this.#routed(request);
    return function _lookup(this: HapiRequest) {
      const result: unknown = original.apply(this, arguments as never);
      routed(this);
      return result;
    };
  }

  #routed({ raw, route }: HapiRequest): void {
    try {
      // Where nothing matches, Hapi answers through routes of its own.
      if (route.method !== '_special') setRoute(raw.req, route.path);
    } catch (error) {
      this.failed(error);
    }
  }
}
