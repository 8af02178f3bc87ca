import { currentCaller, type Database, Problem } from '@payments/service-kit';
import type { Request, RequestHandler } from 'express';
import { appendEntry, type Outcome } from './audit-log.ts';

const outcomes: Record<number, Outcome> = {
  403: 'denied',
  404: 'not_found',
  422: 'invalid',
  502: 'upstream_unavailable',
  504: 'upstream_timeout',
};

const longestTarget = 2_000;

/**
 * Answers with what `read` gives, for admins only. Each request of a known caller leaves one entry in the audit log,
 * whatever its outcome, and leaves it before the answer is sent. (Who has no valid token is nobody to be named, and
 * could fill the log: such a request is in the service's own log only.)
 */
export function audited(
  database: Database,
  action: string,
  read: (request: Request) => Promise<unknown>,
): RequestHandler {
  return async (request, response) => {
    const { id: actorId, role } = currentCaller(request);
    let answer: unknown;
    let failure: unknown;
    try {
      if (role !== 'admin') throw new Problem(403, 'only the role admin may do this');
      answer = await read(request);
    } catch (error) {
      failure = error;
    }
    const target = request.originalUrl.slice(0, longestTarget);
    await appendEntry(database, { actorId, action, target, outcome: outcomeOf(failure) });
    if (failure) throw failure;
    response.json(answer);
  };
}

function outcomeOf(failure: unknown): Outcome {
  if (!failure) return 'ok';
  return (failure instanceof Problem && outcomes[failure.status]) || 'failed';
}
