/** Buckets that the semantic conventions advise for the durations of HTTP requests, in seconds. */
export const HTTP_DURATION_BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** The methods of RFC 9110 and RFC 5789. */
const METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** `http.request.method`: any method but the registered ones is `_OTHER`, for whoever makes a request may name it as they like. */
export function methodName(method: string | undefined): string {
  return method !== undefined && METHODS.has(method) ? method : '_OTHER';
}
