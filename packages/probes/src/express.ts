import type { IncomingMessage } from 'node:http';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { KeyTree } from '@otel-register/cells';
import { routeOf, setRoute } from './http-route.ts';
import type { Method } from './patch.ts';
import { Probe } from './probe.ts';

/** Express 5 routes with the package `router`, Express 4 with a router of its own. */
const ROUTER_VERSIONS = ['>=2.0.0 <3'];
const EXPRESS_4 = ['>=4.0.0 <5'];

type Path = string | RegExp | readonly Path[];

const mountPath = Symbol('otel-register.mount-path');
const mount = Symbol('otel-register.mount');
const answersNotFound = Symbol('otel-register.answers-not-found');

interface Route {
  readonly path: Path;
  [answersNotFound]?: true;
}

interface Layer {
  readonly route?: Route;
  readonly handle: { readonly name: string; readonly stack?: unknown };
  [mountPath]?: Path;
}

interface Router {
  readonly stack: Layer[];
}

/** A mount that a request has entered, and maybe left since. */
interface Mount {
  readonly pattern: KeyTree<string>;
  /** The concrete path that it was reached by. */
  readonly baseUrl: string;
  /** What leads on in the router that it is mounted on: one function for each run of a router. */
  readonly next: unknown;
  readonly parent: Mount | undefined;
}

type ExpressRequest = IncomingMessage & {
  readonly baseUrl: string;
  readonly next?: unknown;
  readonly route?: Route;
  [mount]?: Mount | undefined;
};

/**
 * Learns the whole pattern of the route that Express 4 and 5 choose for a request, through mounted and nested routers.
 *
 * A request knows its route's own pattern but only the concrete path of what the route's router is mounted at, so the
 * patterns of the mounts are collected on the way down. A layer is asked just before it is handled: a mounted one adds to
 * the request's mounts, a route completes the pattern.
 */
export class ExpressProbe extends Probe {
  readonly #patterns = KeyTree.bounded<string>(10_000);

  constructor() {
    super('express');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const handling = (original: Method) => this.#handling(original);
    const router = { use: using, param: (original: Method) => this.#addingParam(original) };
    return [
      this.patched('router', ROUTER_VERSIONS, [
        { module: 'router', wrappers: router },
        { module: 'router/lib/layer.js', wrappers: { handleRequest: handling } },
      ]),
      this.patched('express', EXPRESS_4, [
        { module: 'express/lib/router/index.js', holder: (exports: object) => exports, wrappers: router },
        { module: 'express/lib/router/layer.js', wrappers: { handle_request: handling } },
      ]),
    ];
  }

  #handling(original: Method): Method {
    const probe = this;
    return function handleRequest(this: Layer, request: ExpressRequest) {
      const { route, [mountPath]: mountedAt } = this;
      const path = route ? route.path : mountedAt;
      if (path !== undefined) probe.#entering(path, route, request);
      return original.apply(this, arguments as never);
    };
  }

  /** A parameter's callback may answer or fail, and then the route that has matched is never handled. */
  #addingParam(original: Method): Method {
    const matched = (request: ExpressRequest) => {
      if (request.route && routeOf(request) === undefined) this.#entering(request.route.path, request.route, request);
    };
    return function param(this: Router, name: unknown, callback: unknown) {
      if (typeof callback !== 'function') return original.apply(this, arguments as never);
      return original.call(this, name, function (this: unknown, request: ExpressRequest) {
        matched(request);
        return callback.apply(this, arguments);
      });
    };
  }

  /** @param route undefined where `path` is that of a mount */
  #entering(path: Path, route: Route | undefined, request: ExpressRequest): void {
    try {
      const around = mountAround(request);
      const pattern = (around?.pattern ?? this.#patterns).child(path);
      pattern.value ??= pattern.isOverflow ? undefined : joined(around?.pattern.value, path);
      if (route === undefined) {
        const { baseUrl, next } = request;
        request[mount] = { pattern, baseUrl, next, parent: around };
      } else if (pattern.value !== undefined && !route[answersNotFound]) setRoute(request, pattern.value);
    } catch (error) {
      this.failed(error);
    }
  }
}

/**
 * The mount of the router that now runs. A router that runs on has left what it had entered before; one that is new runs in
 * the innermost mount, as far as the request's path still leads there.
 */
function mountAround(request: ExpressRequest): Mount | undefined {
  const innermost = request[mount];
  for (let at = innermost; at; at = at.parent) if (at.next === request.next) return at.parent;
  let at = innermost;
  while (at && !request.baseUrl.startsWith(at.baseUrl)) at = at.parent;
  return at;
}

/** Remembers on the layers that `use` makes which pattern they were mounted at: a layer keeps only what it compiled from it. */
function using(original: Method): Method {
  return function use(this: Router, path: unknown) {
    const before = this.stack?.length ?? 0;
    const result: unknown = original.apply(this, arguments as never);
    const pattern = isPath(path) ? path : '/';
    for (const layer of this.stack?.slice(before) ?? []) {
      if (pattern !== '/' || isRouter(layer.handle)) layer[mountPath] = pattern;
      markNotFoundOfNest(layer.handle);
    }
    return result;
  };
}

/**
 * NestJS 12 answers what it has no route for by a route of its own, for all paths below its prefix. Nothing tells it from one
 * of the service's but who mounts it, which is looked at where it may be, once an application.
 */
function markNotFoundOfNest({ stack }: Layer['handle']): void {
  const [layer, ...others] = Array.isArray(stack) ? (stack as Layer[]) : [];
  if (layer?.route?.path !== '*path' || others.length > 0) return;
  if (new Error().stack?.includes('platform-express')) layer.route[answersNotFound] = true;
}

/** A router, or what Express wraps an application in that is used by another one. */
function isRouter({ stack, name }: Layer['handle']): boolean {
  return Array.isArray(stack) || name === 'mounted_app';
}

function isPath(value: unknown): value is Path {
  return typeof value === 'string' || value instanceof RegExp || (Array.isArray(value) && value.every(isPath));
}

function joined(parent: string | undefined, path: Path): string {
  const own = textOf(path);
  if (parent === undefined || parent === '') return own;
  return own === '/' ? parent : `${parent.replace(/\/$/, '')}${own.startsWith('/') ? '' : '/'}${own}`;
}

function textOf(path: Path): string {
  return Array.isArray(path) ? path.map(textOf).join('|') : String(path);
}
