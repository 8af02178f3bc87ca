import { Problem } from '@payments/service-kit';
import type { ErrorRequestHandler } from 'express';
import { KeyReused } from './idempotency.ts';
import { RefundTooLarge, StateConflict } from './state-machine.ts';

/** Says in HTTP what the domain refused. */
export const answerConflict: ErrorRequestHandler = (error, _request, _response, next) => next(toProblem(error));

function toProblem(error: unknown): unknown {
  if (error instanceof StateConflict) return new Problem(409, error.message);
  if (error instanceof RefundTooLarge) return unprocessable('amount', error);
  if (error instanceof KeyReused) return unprocessable('Idempotency-Key', error);
  return error;
}

const unprocessable = (field: string, { message }: Error) =>
  new Problem(422, message, { errors: [{ field, message }] });
