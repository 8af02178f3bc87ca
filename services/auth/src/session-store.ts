import { createHash, randomBytes } from 'node:crypto';
import { Problem } from '@payments/service-kit';
import type { Redis } from 'ioredis';

// One key a session: `refresh:<hash of the session's id>` with the account and the hash of the one secret that is valid
// now. A refresh token is `<session id>.<secret>`; rotating replaces the secret. A token used twice shows itself by naming
// the session with a secret that is no longer its own, and then the whole session is void.

const lifetimeSeconds = 30 * 24 * 60 * 60;

const rotateOrVoid = `
local session = redis.call('hmget', KEYS[1], 'account', 'secret')
if not session[1] then return nil end
if session[2] ~= ARGV[1] then
  redis.call('del', KEYS[1])
  return nil
end
redis.call('hset', KEYS[1], 'secret', ARGV[2])
redis.call('expire', KEYS[1], ARGV[3])
return session[1]`;

export class SessionStore {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  /** Opens a session for the account and returns its first refresh token. */
  async open(accountId: string): Promise<string> {
    const id = random();
    const secret = random();
    const opening = this.#redis
      .multi()
      .hset(keyOf(id), { account: accountId, secret: hashOf(secret) })
      .expire(keyOf(id), lifetimeSeconds)
      .exec();
    await orUnavailable(opening);
    return `${id}.${secret}`;
  }

  /** Exchanges a refresh token for its successor; `undefined` when it is not valid, which voids its session. */
  async rotate(refreshToken: string): Promise<{ accountId: string; refreshToken: string } | undefined> {
    const [id, secret] = split(refreshToken);
    const successor = random();
    const accountId = await orUnavailable(
      this.#redis.eval(rotateOrVoid, 1, keyOf(id), hashOf(secret), hashOf(successor), lifetimeSeconds),
    );
    return typeof accountId === 'string' ? { accountId, refreshToken: `${id}.${successor}` } : undefined;
  }

  /** Voids the session of a refresh token, if it is the account's. */
  async close(refreshToken: string, accountId: string): Promise<void> {
    const key = keyOf(split(refreshToken)[0]);
    const owner = await orUnavailable(this.#redis.hget(key, 'account'));
    if (owner === accountId) await orUnavailable(this.#redis.del(key));
  }
}

const random = () => randomBytes(32).toString('base64url');
const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url');
const keyOf = (sessionId: string) => `refresh:${hashOf(sessionId)}`;

function split(refreshToken: string): [id: string, secret: string] {
  const [id = '', secret = ''] = refreshToken.split('.', 2);
  return [id, secret];
}

async function orUnavailable<T>(command: Promise<T>): Promise<T> {
  try {
    return await command;
  } catch (error) {
    throw new Problem(503, 'sessions are not available at the moment; try again', { cause: error });
  }
}
