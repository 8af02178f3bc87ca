import { authenticate, currentUser, issueToken, Problem, validBody } from '@payments/service-kit';
import { Router } from 'express';
import type { Account, AccountStore } from './account-store.ts';
import { login, refreshRequest, registration } from './credentials.ts';
import { hashPassword, isPassword } from './password.ts';
import type { SessionStore } from './session-store.ts';

const accessTokenSeconds = 15 * 60;

export function accountRoutes(accounts: AccountStore, sessions: SessionStore, secret: string): Router {
  const router = Router();

  const tokens = (account: Account, refreshToken: string) => ({
    accessToken: issueToken(secret, account, accessTokenSeconds),
    refreshToken,
    tokenType: 'Bearer',
    expiresIn: accessTokenSeconds,
  });

  router.post('/register', async (request, response) => {
    const { email, password, name } = validBody(request, registration);
    const account = await accounts.create(email, name, await hashPassword(password));
    if (account === undefined) {
      const errors = [{ field: 'email', message: 'is taken' }];
      throw new Problem(409, 'there is an account with this e-mail address', { errors });
    }
    response.status(201).json(account);
  });

  router.post('/login', async (request, response) => {
    const { email, password } = validBody(request, login);
    const found = await accounts.credentialsOf(email);
    const correct = await isPassword(password, found?.passwordHash);
    if (found === undefined || !correct) throw new Problem(401, 'the e-mail address or the password is wrong');
    response.json(tokens(found.account, await sessions.open(found.account.id)));
  });

  router.post('/refresh', async (request, response) => {
    const { refreshToken } = validBody(request, refreshRequest);
    const rotated = await sessions.rotate(refreshToken);
    const account = rotated && (await accounts.byId(rotated.accountId));
    if (!account) throw new Problem(401, 'the refresh token is not valid; log in again');
    response.json(tokens(account, rotated.refreshToken));
  });

  router.post('/logout', authenticate(secret), async (request, response) => {
    const { refreshToken } = validBody(request, refreshRequest);
    await sessions.close(refreshToken, currentUser(request).id);
    response.status(204).end();
  });

  router.get('/me', authenticate(secret), async (request, response) => {
    const account = await accounts.byId(currentUser(request).id);
    if (account === undefined) throw new Problem(401, 'the account of this access token no longer exists');
    response.json(account);
  });

  return router;
}
