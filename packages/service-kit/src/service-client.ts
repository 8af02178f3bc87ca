import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Request } from 'express';
import { type FieldError, Problem } from './problem.ts';

const passedOn = ['x-request-id', 'traceparent', 'tracestate', 'baggage'] as const;

/** The headers by which a call is recognised as part of the request it was made for. */
export function correlationHeaders(request: Request): Record<string, string> {
  return Object.fromEntries(
    passedOn.flatMap((name) => {
      const value = request.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

export interface ServiceCall {
  url: URL;
  /** Bearer token, see `issueServiceToken`. */
  token: string;
  headers: Record<string, string>;
  /** For the whole answer. */
  timeoutMs: number;
}

/**
 * Reads another service's JSON answer to a GET. A 404, 409 or 422 of that service is thrown on as the same problem; a
 * call that fails otherwise is a 502, one slower than `timeoutMs` a 504.
 */
export async function callService({ url, token, headers, timeoutMs }: ServiceCall): Promise<unknown> {
  const name = `GET ${url.origin}${url.pathname}`;
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { status, answer } = await exchange(url, { ...headers, authorization: `Bearer ${token}` }, signal);
    if (status === 200) return answer;
    throw asProblem(name, status, answer);
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (signal.aborted) throw new Problem(504, `${name} gave no answer within ${timeoutMs} ms`, { cause: error });
    throw new Problem(502, `${name} could not be reached or gave no JSON`, { cause: error });
  }
}

// Idle connections are dropped here before a service drops them, so none is reused while it is being closed.
const agent = new Agent({ keepAlive: true, timeout: 30_000 });

/** Not with `fetch`: a tracer adds its headers to those given there, and two of a kind are unreadable; here it replaces. */
async function exchange(url: URL, headers: Record<string, string>, signal: AbortSignal) {
  const call = httpRequest(url, { agent, headers, signal });
  // An abort while the answer is being read is emitted here too, when nobody listens any more.
  call.on('error', () => {});
  call.end();
  const [response] = (await once(call, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, answer: await json(response) };
}

function asProblem(name: string, status: number, answer: unknown): Problem {
  const { detail, errors } = Object(answer) as { detail?: string; errors?: FieldError[] };
  if ([404, 409, 422].includes(status)) return new Problem(status, detail ?? `${name} answered ${status}`, { errors });
  return new Problem(502, `${name} answered ${status}`);
}
