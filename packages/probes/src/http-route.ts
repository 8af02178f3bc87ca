const route = Symbol('otel-register.route');
const source = Symbol('otel-register.route-source');
const reader = Symbol('otel-register.route-reader');

/** The request of node:http or node:http2, as its service sees it. */
interface RoutedRequest {
  [route]?: string;
  [source]?: unknown;
  [reader]?: (source: unknown) => string | undefined;
}

/** Remembers the whole pattern of the route that a framework has found for a request (`http.route`). */
export function setRoute(request: object, pattern: string): void {
  (request as RoutedRequest)[route] = pattern;
}

/**
 * For a framework that itself keeps the route which it has come to: asked once, when the request is over.
 *
 * @param read tells the pattern from `from`, the framework's own object of the request; one function for all requests
 */
export function setRouteReader<T>(request: object, from: T, read: (from: T) => string | undefined): void {
  (request as RoutedRequest)[source] = from;
  (request as RoutedRequest)[reader] = read as (source: unknown) => string | undefined;
}

/** The pattern of the route that handles a request; undefined when none has matched so far. */
export function routeOf(request: object): string | undefined {
  const { [route]: pattern, [reader]: read, [source]: from } = request as RoutedRequest;
  return pattern ?? read?.(from);
}
