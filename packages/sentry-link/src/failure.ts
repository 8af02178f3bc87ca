import type { Attributes, Context } from '@opentelemetry/api';

/** An error that the service did not handle, or that a framework handled for it. */
export interface Failure {
  readonly error: unknown;
  /** What was left with it: `express`, `uncaughtException`. */
  readonly foundBy: string;
  readonly level: 'error' | 'fatal';
  /** Where it happened: with the span of the request, if it was in one. */
  readonly context: Context;
  /** The request that failed, if it was one. */
  readonly request?: FailedRequest | undefined;
  /** Calls back when it is to be reported, at the latest when the process ends. Until then the error is not touched. */
  readonly when: (callback: () => void) => void;
}

export interface FailedRequest {
  /** The same for all that is told of one request. */
  readonly identity: object;
  /** What its series of `http.server.request.duration` has, as far as it is known by now. */
  readonly attributes: () => Attributes;
}
