import type { Request } from 'express';
import { z } from 'zod';
import { Problem } from './problem.ts';

// One rule everywhere: a header that does not fit, and what cannot be read at all (JSON syntax, percent-encoding, an absent
// body), is 400; what was read but does not fit its schema is 422, with one entry per field.

/** The request's JSON body as the schema has it. */
export function validBody<S extends z.ZodType>(request: Request, schema: S): z.output<S> {
  const parsed = schema.safeParse(request.body);
  if (parsed.success) return parsed.data;
  if (request.body === undefined) {
    throw new Problem(400, 'a JSON body with Content-Type: application/json is expected', {
      errors: [{ field: 'body', message: 'is absent or not application/json' }],
    });
  }
  throw misfit('body', parsed.error);
}

/** The query string's parameters as the schema has them. */
export function validQuery<S extends z.ZodType>(request: Request, schema: S): z.output<S> {
  return valid('query', request.query, schema);
}

/** The path's parameters as the schema has them. */
export function validParams<S extends z.ZodType>(request: Request, schema: S): z.output<S> {
  return valid('path', request.params, schema);
}

/** The header's value as the schema has it. */
export function validHeader<S extends z.ZodType>(request: Request, name: string, schema: S): z.output<S> {
  const parsed = schema.safeParse(request.get(name));
  if (parsed.success) return parsed.data;
  throw misfit(name, parsed.error, 400);
}

/** Trimmed text of 1 to `max` characters. No NUL: PostgreSQL cannot hold one. */
export function text(max: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(max)
    .refine((value) => !value.includes('\0'), 'must not contain a NUL character');
}

const currencies: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'));

/** An ISO 4217 code in capitals. */
export const currencyCode = z
  .string()
  .refine((code) => currencies.has(code), 'expected an ISO 4217 code in capitals, such as EUR');

function valid<S extends z.ZodType>(part: string, value: unknown, schema: S): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw misfit(part, parsed.error);
}

function misfit(part: string, error: z.ZodError, status = 422): Problem {
  const errors = error.issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') return issue.keys.map((field) => ({ field, message: 'is not known here' }));
    return [{ field: issue.path.join('.') || part, message: issue.message }];
  });
  const fields = [...new Set(errors.map(({ field }) => field))].join(', ');
  return new Problem(status, `the ${part} does not fit: ${fields}`, { errors });
}
