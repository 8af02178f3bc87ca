export type UpstreamName = 'auth' | 'payments' | 'admin' | 'profile';
export type Method = 'get' | 'post' | 'put' | 'patch';

/** The whole public API: what is not here is 404 at the gateway. `open` needs no access token. */
export const publicRoutes: ReadonlyArray<[UpstreamName, Method, path: string, 'open'?]> = [
  ['auth', 'post', '/auth/register', 'open'],
  ['auth', 'post', '/auth/login', 'open'],
  ['auth', 'post', '/auth/refresh', 'open'],
  ['auth', 'post', '/auth/logout'],
  ['auth', 'get', '/auth/me'],
  ['payments', 'post', '/payments'],
  ['payments', 'get', '/payments'],
  ['payments', 'get', '/payments/:id'],
  ['payments', 'post', '/payments/:id/capture'],
  ['payments', 'post', '/payments/:id/cancel'],
  ['payments', 'post', '/payments/:id/refunds'],
  ['profile', 'get', '/profile'],
  ['profile', 'put', '/profile'],
  ['profile', 'get', '/profile/preferences'],
  ['profile', 'patch', '/profile/preferences'],
  ['profile', 'get', '/profile/payments'],
  ['admin', 'get', '/admin/users'],
  ['admin', 'get', '/admin/users/:id'],
  ['admin', 'get', '/admin/payments'],
  ['admin', 'get', '/admin/totals'],
  ['admin', 'get', '/admin/audit'],
  ['admin', 'get', '/admin/activity'],
];
