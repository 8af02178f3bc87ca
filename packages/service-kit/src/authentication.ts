import type { Request, RequestHandler } from 'express';
import jwt from 'jsonwebtoken';
import { z } from 'zod';
import { Problem } from './problem.ts';

const claims = z.object({ sub: z.string(), role: z.enum(['user', 'admin', 'service']) });

export type Role = z.infer<typeof claims>['role'];
/** Who sent a request: `id` is the account's UUID, or `service:<name>` for a service. */
export interface User {
  id: string;
  role: Role;
}

const users = new WeakMap<Request, User>();

/** Lets a request with a valid `Authorization: Bearer <token>` pass and remembers its user; 401 for any other. */
export function authenticate(secret: string): RequestHandler {
  return (request, _response, next) => {
    const [scheme, token] = (request.get('authorization') ?? '').split(' ');
    if (scheme?.toLowerCase() !== 'bearer' || !token)
      throw unauthorized('Authorization: Bearer <access token> is expected');
    users.set(request, verifyToken(secret, token));
    next();
  };
}

/** The user that `authenticate` found. */
export function currentUser(request: Request): User {
  const user = users.get(request);
  if (!user) throw unauthorized('this path needs an access token');
  return user;
}

/** 403 for a user of any other role. */
export function requireRole(role: Role): RequestHandler {
  return (request, _response, next) => {
    if (currentUser(request).role !== role) throw new Problem(403, `only the role ${role} may do this`);
    next();
  };
}

/** Signs an HS256 token for the user. */
export function issueToken(secret: string, user: User, expiresInSeconds: number): string {
  return jwt.sign({ role: user.role }, secret, { algorithm: 'HS256', subject: user.id, expiresIn: expiresInSeconds });
}

/** Signs a one-minute token for a service's own calls to `/internal/…`. */
export function issueServiceToken(secret: string, service: string): string {
  return issueToken(secret, { id: `service:${service}`, role: 'service' }, 60);
}

function verifyToken(secret: string, token: string): User {
  try {
    const { sub, role } = claims.parse(jwt.verify(token, secret, { algorithms: ['HS256'] }));
    return { id: sub, role };
  } catch (error) {
    const reason = error instanceof jwt.TokenExpiredError ? 'has expired' : 'is not valid';
    throw unauthorized(`the access token ${reason}`);
  }
}

const unauthorized = (detail: string) => new Problem(401, detail, { headers: { 'www-authenticate': 'Bearer' } });
