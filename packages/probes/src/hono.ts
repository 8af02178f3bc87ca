import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { setRouteReader } from './http-route.ts';
import { stopWatchingSource, watchSource } from './module-source.ts';
import { Probe } from './probe.ts';

type Handler = ((...args: unknown[]) => unknown) & { readonly __COMPOSED_HANDLER?: Handler };

/** A handler of a route or, with `use`, a middleware. */
interface HonoRoute {
  readonly path: string;
  readonly method: string;
  readonly handler: Handler;
}

interface HonoContext {
  readonly req: {
    /** In the order in which they are run. */
    readonly matchedRoutes: readonly HonoRoute[];
    /** Which of them was run last. */
    readonly routeIndex: number;
  };
}

/** With what @hono/node-server calls an application. */
interface NodeServerBindings {
  readonly incoming?: unknown;
}

/** Of Hono 4 the request that @hono/node-server makes, of Hono 3 its own one around it. */
type HonoRequest = object & { readonly raw?: object };
type ContextClass = new (request: HonoRequest, options?: { readonly env?: NodeServerBindings }) => HonoContext;
type Exports = { readonly Context: ContextClass };

/** Hono 3.11 is the first that tells the pattern of a route. */
const VERSIONS = ['>=3.11.0 <5'];
const KNOWN_VERSIONS = /^(?:3\.1[1-9]|4)\./;

/**
 * Learns the pattern of the route that Hono 3 and 4 on @hono/node-server choose for a request, through `route()` and
 * `basePath()`.
 *
 * Hono has no method that all requests pass and that could be replaced, but it makes a context for each of them. So its class
 * is replaced by one that lets the request of node:http remember its context, which is asked when the request is over.
 */
export class HonoProbe extends Probe {
  constructor() {
    super('hono');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const replace = (exports: Exports): Exports =>
      Object.create(Object.getPrototypeOf(exports), {
        ...Object.getOwnPropertyDescriptors(exports),
        Context: { value: this.#remembering(exports.Context), enumerable: true },
      });
    return [this.patched('hono', VERSIONS, [{ module: 'hono/dist/cjs/context.js', replace }])];
  }

  override enable(): void {
    if (this.isEnabled()) return;
    super.enable();
    watchSource({
      name: 'hono',
      file: 'dist/context.js',
      binding: 'Context',
      replace: (Context: ContextClass, version) => {
        if (KNOWN_VERSIONS.test(version)) return this.#remembering(Context);
        this.unknownVersion('hono', version);
        return Context;
      },
    });
  }

  override disable(): void {
    super.disable();
    stopWatchingSource('hono');
  }

  #remembering(Original: ContextClass): ContextClass {
    const remember = (context: HonoContext, request: HonoRequest, env: NodeServerBindings | undefined) =>
      this.#remember(context, request, env);
    const Context = class extends Original {
      constructor(request: HonoRequest, options?: { readonly env?: NodeServerBindings }) {
        super(request, options);
        remember(this, request, options?.env);
      }
    };
    return Object.defineProperty(Context, 'name', { value: Original.name, configurable: true });
  }

  #remember(context: HonoContext, request: HonoRequest, env: NodeServerBindings | undefined): void {
    if (!this.isEnabled()) return;
    try {
      const incoming = env?.incoming ?? incomingBehind(request.raw ?? request);
      if (typeof incoming === 'object' && incoming !== null) setRouteReader(incoming, context, patternOf);
    } catch (error) {
      this.failed(error);
    }
  }
}

/** Where the service has not handed on what the application was called with, the request that was made has it too. */
function incomingBehind(request: object): unknown {
  const key = Object.getOwnPropertySymbols(request).find(({ description }) => description === 'incomingKey');
  return key && Reflect.get(request, key);
}

/** The pattern of the route that was run last or, where a middleware has answered, of the one that was to come. */
function patternOf({ req }: HonoContext): string | undefined {
  const routes = req.matchedRoutes;
  for (let index = req.routeIndex; index < routes.length; index++) {
    const route = routes[index];
    if (route && !isMiddleware(route)) return route.path;
  }
  return undefined;
}

/** `use` and `all` differ in nothing but that a middleware asks for what leads on. */
function isMiddleware({ method, handler }: HonoRoute): boolean {
  return method === 'ALL' && (handler.__COMPOSED_HANDLER ?? handler).length > 1;
}
