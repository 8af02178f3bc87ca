import type { IncomingMessage } from 'node:http';

const route = Symbol('otel-register.route');

type RoutedRequest = IncomingMessage & { [route]?: string };

/** Remembers the whole pattern of the route that a framework has found for a request (`http.route`). */
export function setRoute(request: object, pattern: string): void {
  (request as RoutedRequest)[route] = pattern;
}

/** The pattern of the route that handles a request; undefined when none has matched so far. */
export function routeOf(request: IncomingMessage): string | undefined {
  return (request as RoutedRequest)[route];
}
