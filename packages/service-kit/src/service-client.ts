import type { Request } from 'express';
import { type FieldError, Problem } from './problem.ts';

/**
 * The headers by which a call is recognised as part of the request it was made for. Trace headers are not among them: a
 * tracer in this process adds its own to each call, and a second one of a kind would make both unreadable.
 */
export function correlationHeaders(request: Request): Record<string, string> {
  return { 'x-request-id': request.get('x-request-id') ?? '' };
}

export interface ServiceCall {
  url: URL | string;
  method?: string;
  /** Sent as JSON. */
  body?: unknown;
  /** Bearer token, see `issueServiceToken`. */
  token: string;
  headers?: Record<string, string>;
  timeoutMs: number;
}

/**
 * Calls another service and returns its JSON answer. A 404, 409 or 422 of that service is thrown on as the same
 * problem; a call that fails otherwise is a 502, one slower than `timeoutMs` a 504.
 */
export async function callService<T>({
  url,
  method = 'GET',
  body,
  token,
  headers,
  timeoutMs,
}: ServiceCall): Promise<T> {
  const target = new URL(url);
  const name = `${method} ${target.origin}${target.pathname}`;
  try {
    const response = await fetch(target, {
      method,
      headers: {
        ...headers,
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
    });
    const answer: unknown = response.status === 204 ? undefined : await response.json();
    if (response.ok) return answer as T;
    throw asProblem(name, response.status, answer);
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error instanceof Error && error.name === 'TimeoutError') {
      throw new Problem(504, `${name} gave no answer within ${timeoutMs} ms`, { cause: error });
    }
    throw new Problem(502, `${name} could not be reached`, { cause: error });
  }
}

function asProblem(name: string, status: number, answer: unknown): Problem {
  const { detail, errors } = Object(answer) as { detail?: string; errors?: FieldError[] };
  if ([404, 409, 422].includes(status)) return new Problem(status, detail ?? `${name} answered ${status}`, { errors });
  return new Problem(502, `${name} answered ${status}`);
}
