import { STATUS_CODES } from 'node:http';
import type { ErrorRequestHandler, RequestHandler } from 'express';

export interface FieldError {
  field: string;
  message: string;
}

/** An answer that is not a success, as RFC 9457 has it. Throw it anywhere in a handler. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly errors: FieldError[] | undefined;
  readonly headers: Record<string, string>;

  /**
   * @param detail what the client reads: names the thing, and what to do about it
   * @param extra `errors` names the fields at fault; `headers` go on the answer; `cause` only into the log
   */
  constructor(
    status: number,
    detail: string,
    extra: { errors?: FieldError[] | undefined; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(detail, 'cause' in extra ? { cause: extra.cause } : {});
    this.status = status;
    this.errors = extra.errors;
    this.headers = extra.headers ?? {};
  }

  toJSON() {
    const title = STATUS_CODES[this.status] ?? 'Error';
    return { type: 'about:blank', title, status: this.status, detail: this.message, errors: this.errors };
  }
}

/** Last route of an app: nothing matched. */
export const notFound: RequestHandler = (request) => {
  throw new Problem(404, `there is no ${request.method} ${request.baseUrl}${request.path}`);
};

/** Turns whatever a handler threw into application/problem+json. An unknown error is answered with 500. */
export const answerProblem: ErrorRequestHandler = (error, _request, response, next) => {
  if (response.headersSent) return next(error);
  const problem = toProblem(error);
  // The request's own log line carries it.
  if (problem.status >= 500) response.err = error;
  response.status(problem.status).set(problem.headers);
  response.type('application/problem+json').send(JSON.stringify(problem));
};

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { type, status, expose, limit, message } = Object(error) as Record<string, unknown>;
  if (type === 'entity.parse.failed') return new Problem(400, 'the body is not valid JSON');
  if (type === 'entity.too.large') return new Problem(413, `the body is larger than ${limit} bytes`);
  if (error instanceof URIError) return new Problem(400, 'the path is not validly percent-encoded');
  if (typeof status === 'number' && status < 500 && expose !== false) return new Problem(status, String(message));
  return new Problem(500, 'an unexpected error; the log has it under the x-request-id of this answer');
}
