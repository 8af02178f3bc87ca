import type { Request, RequestHandler } from 'express';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { Problem } from './problem.ts';

const claims = z.object({ sub: z.string(), role: z.enum(['user', 'admin', 'service']), exp: z.number() });

export type Role = z.infer<typeof claims>['role'];
/** Whom a token speaks for: `id` is an account's UUID, or `service:<name>` with the role `service`. */
export interface Caller {
  id: string;
  role: Role;
}

const callers = new WeakMap<Request, Caller>();

/** Who a request with a valid `Authorization: Bearer <token>` comes from; throws a 401 for any other. */
export function verifyRequest(request: Request, secret: string): Caller {
  const [scheme, token] = (request.get('authorization') ?? '').split(' ');
  if (scheme?.toLowerCase() !== 'bearer' || !token) {
    throw unauthorized('Authorization: Bearer <access token> is expected');
  }
  return verifyToken(secret, token);
}

/** Lets a request with a valid token pass and remembers its caller; 401 for any other. */
export function authenticate(secret: string): RequestHandler {
  return (request, _response, next) => {
    callers.set(request, verifyRequest(request, secret));
    next();
  };
}

/** The account that sent the request. A service is none: 403. */
export function currentUser(request: Request): Caller {
  const caller = currentCaller(request);
  if (caller.role === 'service') throw new Problem(403, 'this path is for users; a service asks under /internal');
  return caller;
}

/** 403 for a caller of any other role. */
export function requireRole(role: Role): RequestHandler {
  return (request, _response, next) => {
    if (currentCaller(request).role !== role) throw new Problem(403, `only the role ${role} may do this`);
    next();
  };
}

/** Whom the request's token speaks for, account or service. */
export function currentCaller(request: Request): Caller {
  const caller = callers.get(request);
  if (!caller) throw unauthorized('this path needs an access token');
  return caller;
}

/** Signs an HS256 token for the caller. */
export function issueToken(secret: string, caller: Caller, expiresInSeconds: number): string {
  return jwt.sign({ role: caller.role }, secret, {
    algorithm: 'HS256',
    subject: caller.id,
    expiresIn: expiresInSeconds,
  });
}

/** Signs a one-minute token for a service's own calls to `/internal/…`. */
export function issueServiceToken(secret: string, service: string): string {
  return issueToken(secret, { id: `service:${service}`, role: 'service' }, 60);
}

/** Whom the token speaks for, and until when (milliseconds since 1970); throws a 401 for one that is not valid. */
export function verifyToken(secret: string, token: string): Caller & { expiresAt: number } {
  try {
    const { sub, role, exp } = claims.parse(jwt.verify(token, secret, { algorithms: ['HS256'] }));
    return { id: sub, role, expiresAt: exp * 1_000 };
  } catch (error) {
    const reason = error instanceof jwt.TokenExpiredError ? 'has expired' : 'is not valid';
    throw unauthorized(`the access token ${reason}`);
  }
}

const unauthorized = (detail: string) => new Problem(401, detail, { headers: { 'www-authenticate': 'Bearer' } });
