import type { IncomingMessage } from 'node:http';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import { KeyTree } from '@otel-register/cells';
import { setRoute } from './http-route.ts';
import { type Method, patchedPackage } from './patch.ts';
import { Probe } from './probe.ts';

/** Express 5 routes with the package `router`, Express 4 with a router of its own. */
const ROUTER_VERSIONS = ['>=2.0.0 <3'];
const EXPRESS_4 = ['>=4.0.0 <5'];

type Path = string | RegExp | readonly Path[];

const mountPath = Symbol('otel-register.mount-path');
const mount = Symbol('otel-register.mount');

interface Layer {
  readonly route?: { readonly path: Path };
  [mountPath]?: Path;
}

interface Router {
  readonly stack: Layer[];
}

/** Where in the tree of mounted routers a request is, and how much of its URL led there. */
interface Mount {
  readonly pattern: KeyTree<string>;
  readonly baseUrlLength: number;
  readonly parent: Mount | undefined;
}

type ExpressRequest = IncomingMessage & { readonly baseUrl: string; [mount]?: Mount | undefined };

/**
 * Learns the whole pattern of the route that Express 4 and 5 choose for a request, through mounted and nested routers.
 *
 * A request knows its route's own pattern but only the concrete path of what the route's router is mounted at, so the
 * patterns of the mounts are collected on the way down. A layer is asked just before it is handled: a mounted one adds to
 * the request's mounts, a route completes the pattern. Mounts that were left again are told by the length of `baseUrl`.
 */
export class ExpressProbe extends Probe {
  readonly #patterns = KeyTree.bounded<string>(10_000);

  constructor() {
    super('express');
  }

  protected override init(): InstrumentationModuleDefinition[] {
    const handling = (original: Method) => this.#handling(original);
    return [
      patchedPackage('router', ROUTER_VERSIONS, [
        { module: 'router', wrappers: { use: using } },
        { module: 'router/lib/layer.js', wrappers: { handleRequest: handling } },
      ]),
      patchedPackage('express', EXPRESS_4, [
        { module: 'express/lib/router/index.js', holder: (router: object) => router, wrappers: { use: using } },
        { module: 'express/lib/router/layer.js', wrappers: { handle_request: handling } },
      ]),
    ];
  }

  #handling(original: Method): Method {
    const entering = (layer: Layer, request: ExpressRequest) => this.#entering(layer, request);
    return function handleRequest(this: Layer, request: ExpressRequest) {
      if (this.route !== undefined || this[mountPath] !== undefined) entering(this, request);
      return original.apply(this, arguments as never);
    };
  }

  #entering(layer: Layer, request: ExpressRequest): void {
    try {
      const { length } = request.baseUrl;
      let at = request[mount];
      if (layer.route) {
        while (at && at.baseUrlLength > length) at = at.parent;
        const node = (at?.pattern ?? this.#patterns).child(layer.route.path);
        node.value ??= joined(at?.pattern.value, layer.route.path);
        if (!node.isOverflow) setRoute(request, node.value);
      } else {
        while (at && at.baseUrlLength >= length) at = at.parent;
        const path = layer[mountPath] as Path;
        const pattern = (at?.pattern ?? this.#patterns).child(path);
        pattern.value ??= joined(at?.pattern.value, path);
        request[mount] = { pattern, baseUrlLength: length, parent: at };
      }
    } catch (error) {
      this.failed(error);
    }
  }
}

/** Remembers on the layers that `use` makes which pattern they were mounted at: a layer keeps only what it compiled from it. */
function using(original: Method): Method {
  return function use(this: Router, path: unknown) {
    const before = this.stack?.length ?? 0;
    const result: unknown = original.apply(this, arguments as never);
    if (isPath(path) && path !== '/') for (const layer of this.stack.slice(before)) layer[mountPath] = path;
    return result;
  };
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
