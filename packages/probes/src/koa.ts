import type { IncomingMessage, ServerResponse } from 'node:http';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { setRouteReader } from './http-route.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';
import { isOfService, type OnRequestError } from './request-errors.ts';

type Path = string | RegExp;
type Next = () => Promise<unknown>;
type Middleware = (context: KoaContext, next: Next) => unknown;

/** What @koa/router, and koa-router before it, has in its stack: a route, or a middleware when it has no methods. */
interface RouterLayer {
  readonly path: Path;
  readonly methods: readonly string[];
}

const mountedAt = Symbol('otel-register.mounted-at');

interface KoaContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly method: string;
  /** The layers of all routers so far whose path is the request's, in the order in which they are run. */
  readonly matched?: readonly RouterLayer[];
  /** The path of the layer that was run last; undefined when no router had a route. */
  readonly _matchedRoute?: Path;
  /** Where koa-mount has put the application or middleware that the request has come to. */
  [mountedAt]?: string | undefined;
}

/**
 * Learns the pattern of the route that a router of Koa 2 and 3 chooses for a request.
 *
 * Koa itself has no routes. Its routers keep on the context what they have matched, so each request remembers its context,
 * which is asked when the request is over.
 */
export class KoaProbe extends Probe {
  readonly #onError: OnRequestError | undefined;

  /** @param onError undefined where nobody wants to know of errors */
  constructor(onError?: OnRequestError) {
    super('koa');
    this.#onError = onError;
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const wrappers = { createContext: (original: Method) => this.#creatingContext(original) };
    return [
      this.patched(
        'koa',
        ['>=2.0.0 <4'],
        [
          { module: 'koa', wrappers },
          {
            module: 'koa/lib/context.js',
            holder: (exports: object) => exports,
            wrappers: { onerror: (original: Method) => this.#handlingError(original) },
          },
        ],
      ),
      this.patched(
        'koa-mount',
        ['>=3.0.0 <5'],
        [{ module: 'koa-mount', replace: (mount: Method) => this.#mounting(mount) }],
      ),
    ];
  }

  #creatingContext(original: Method): Method {
    return function createContext(this: unknown, request: IncomingMessage) {
      const context: KoaContext = original.apply(this, arguments as never);
      setRouteReader(request, context, patternOf);
      return context;
    };
  }

  /** What no middleware has caught; it is also told of responses that end without an error. */
  #handlingError(original: Method): Method {
    if (!this.#onError) return original;
    const failed = (error: unknown, context: KoaContext) => this.#requestFailed(error, context);
    return function onerror(this: KoaContext, error: unknown) {
      if (error !== null && error !== undefined) failed(error, this);
      return original.apply(this, arguments as never);
    };
  }

  #requestFailed(error: unknown, { req: request, res: response }: KoaContext): void {
    try {
      if (isOfService(error)) this.#onError?.({ error, framework: 'koa', request, response });
    } catch (failure) {
      this.failed(failure);
    }
  }

  /** A router that is mounted knows only the rest of the path. */
  #mounting(mount: Method): Method {
    return function (this: unknown, prefix: unknown) {
      const mounted: Middleware = mount.apply(this, arguments as never);
      if (typeof prefix !== 'string' || prefix === '/') return mounted;
      const path = prefix.replace(/\/$/, '');
      return Object.defineProperties(
        (context: KoaContext, next: Next) => {
          const outside = context[mountedAt];
          context[mountedAt] = outside === undefined ? path : outside + path;
          return mounted(context, () => {
            context[mountedAt] = outside;
            return next();
          });
        },
        { name: { value: mounted.name }, length: { value: mounted.length } },
      );
    };
  }
}

function patternOf(context: KoaContext): string | undefined {
  const path = routePathOf(context);
  if (path === undefined) return undefined;
  const mount = context[mountedAt];
  return mount === undefined ? String(path) : `${mount}${path}`;
}

/** The path of the route that was run last or, where a middleware of its router has answered, of the one that was to come. */
function routePathOf({ _matchedRoute: last, matched, method }: KoaContext): Path | undefined {
  if (last === undefined || !Array.isArray(matched)) return last;
  let isPassed = false;
  let following: Path | undefined;
  for (const { path, methods } of matched as readonly RouterLayer[]) {
    const isRoute = methods.includes(method);
    if (path === last && isRoute) return last;
    if (path === last) isPassed = true;
    else if (isPassed && isRoute) following ??= path;
  }
  return following ?? last;
}
