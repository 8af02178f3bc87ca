import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { ServiceName, Stack } from '@payments/local-stack';
import { type Answer, type Call, call } from './api-client.ts';
import type { Values } from './metrics-page.ts';

/** How many requests each service got, by `<method> <route> <status>`; `–` stands for no route. */
export type Ledger = Record<ServiceName, Values>;

interface Sending extends Call {
  /** Default: the route itself. */
  path?: string;
  /** What the service behind the gateway sees: by default the same; false when the gateway answers by itself. */
  behind?: string | false;
  /** What the admin service asks of another one to answer. */
  internal?: [ServiceName, string];
}

/** Sends requests through the gateway and keeps the book of what each service must have counted. */
class Bookkeeper {
  readonly ledger: Ledger = { 'api-gateway': {}, auth: {}, payments: {}, admin: {}, profile: {} };
  readonly #url: string;

  constructor(url: string) {
    this.#url = url;
  }

  /** @param line method and route, as `GET /payments/:id` */
  async send(
    line: string,
    status: number,
    { path, behind = line, internal, ...options }: Sending = {},
  ): Promise<Answer> {
    const [method = '', route = ''] = line.split(' ');
    const answer = await call(`${this.#url}${path ?? route}`, { method, ...options });
    assert.equal(answer.status, status, `${line}: ${JSON.stringify(answer.body)}`);
    this.#count('api-gateway', `${line} ${status}`);
    if (behind !== false) this.#count(route.split('/')[1] as ServiceName, `${behind} ${status}`);
    if (internal) this.#count(internal[0], `${internal[1]} ${status}`);
    return answer;
  }

  #count(service: ServiceName, line: string): void {
    this.ledger[service][line] = (this.ledger[service][line] ?? 0) + 1;
  }
}

/**
 * Every route of the public API and its usual refusals, each a different number of times, through the gateway.
 *
 * @returns what each service must have counted, once all requests are over
 */
export async function sendKnownTraffic({ url, admin }: Stack): Promise<Ledger> {
  const book = new Bookkeeper(url);
  const user = await accounts(book);
  await payments(book, user);
  await profiles(book, user);
  await administration(book, user, admin);
  await strayRequests(book, user);
  return book.ledger;
}

async function accounts(book: Bookkeeper): Promise<string> {
  const person = { email: `${randomUUID()}@example.com`, password: 'a password for tests' };
  await book.send('POST /auth/register', 201, { body: { ...person, name: 'Ann' } });
  await book.send('POST /auth/register', 409, { body: { ...person, name: 'Bob' } });
  for (const body of [{}, { email: 'nobody' }]) await book.send('POST /auth/register', 422, { body });
  await book.send('POST /auth/login', 401, { body: { ...person, password: 'another' } });
  const { body: tokens } = await book.send('POST /auth/login', 200, { body: person });
  const { body: next } = await book.send('POST /auth/refresh', 200, { body: { refreshToken: tokens.refreshToken } });
  const token: string = next.accessToken;
  for (let time = 0; time < 3; time++) await book.send('GET /auth/me', 200, { token });
  await book.send('POST /auth/logout', 204, { token, body: { refreshToken: next.refreshToken } });
  await book.send('POST /auth/refresh', 401, { body: { refreshToken: next.refreshToken } });
  return token;
}

async function payments(book: Bookkeeper, token: string): Promise<void> {
  const create = (status: number, body: unknown, key: string = randomUUID()) =>
    book.send('POST /payments', status, { token, body, headers: { 'idempotency-key': key } });
  const one = (line: string, status: number, id: string, options: Sending = {}) =>
    book.send(line, status, { token, path: (line.split(' ')[1] ?? '').replace(':id', id), ...options });
  const order = { amount: 1250, currency: 'EUR' };

  const { body: first } = await create(201, order, 'the-same-key');
  await create(200, order, 'the-same-key');
  await create(422, { ...order, amount: 1 }, 'the-same-key');
  await create(422, { amount: 0, currency: 'EUR' });
  await book.send('POST /payments', 400, { token, body: order });
  // A body that is no JSON is refused before the service looks for a route.
  await book.send('POST /payments', 400, { token, body: '{"amount":', behind: 'POST –' });
  const { body: second } = await create(201, order);

  for (let time = 0; time < 5; time++) await one('GET /payments/:id', 200, first.id);
  for (const id of [randomUUID(), 'no-uuid']) await one('GET /payments/:id', 404, id);
  await one('HEAD /payments/:id', 200, first.id);
  await one('POST /payments/:id/capture', 200, first.id);
  await one('POST /payments/:id/capture', 409, first.id);
  await one('POST /payments/:id/cancel', 200, second.id);
  for (const amount of [100, 200]) {
    const headers = { 'idempotency-key': randomUUID() };
    await one('POST /payments/:id/refunds', 201, first.id, { headers, body: { amount } });
  }
  await book.send('GET /payments', 200, { token });
  await book.send('GET /payments', 200, { token, path: '/payments?limit=1&state=canceled' });
  await book.send('GET /payments', 422, { token, path: '/payments?limit=0' });
  for (let time = 0; time < 2; time++)
    await one('GET /payments/:id', 401, first.id, { token: undefined, behind: false });
}

async function profiles(book: Bookkeeper, token: string): Promise<void> {
  for (let time = 0; time < 3; time++) await book.send('GET /profile', 200, { token });
  await book.send('GET /profile', 200, { token, path: '/profile/' });
  await book.send('PUT /profile', 200, { token, body: { displayName: 'Ann' } });
  await book.send('PUT /profile', 422, { token, body: {} });
  for (let time = 0; time < 2; time++) await book.send('GET /profile/preferences', 200, { token });
  await book.send('PATCH /profile/preferences', 200, { token, body: { newsletter: true } });
  await book.send('GET /profile', 401, { token: 'nonsense', behind: false });
}

async function administration(book: Bookkeeper, user: string, admin: Stack['admin']): Promise<void> {
  const token: string = (await book.send('POST /auth/login', 200, { body: admin })).body.accessToken;
  const { body } = await book.send('GET /admin/users', 200, { token, internal: ['auth', 'GET /internal/users'] });
  const internal: Sending['internal'] = ['auth', 'GET /internal/users/:id'];
  await book.send('GET /admin/users/:id', 200, { token, path: `/admin/users/${body.items[0].id}`, internal });
  await book.send('GET /admin/users/:id', 404, { token, path: `/admin/users/${randomUUID()}`, internal });
  await book.send('GET /admin/payments', 200, { token, internal: ['payments', 'GET /internal/payments'] });
  await book.send('GET /admin/totals', 200, { token, internal: ['payments', 'GET /internal/totals'] });
  await book.send('GET /admin/audit', 200, { token });
  await book.send('GET /admin/users', 403, { token: user });
}

/** What no route is for: such requests have no route, and never their raw path. */
async function strayRequests(book: Bookkeeper, token: string): Promise<void> {
  for (const path of ['/', '/wp-login.php', '/payments/1/2/3', '/admin']) {
    await book.send('GET –', 404, { token, path, behind: false });
  }
  await book.send('DELETE –', 404, { token, path: '/payments/1', behind: false });
  await book.send('OPTIONS –', 200, { token, path: '/payments', behind: false });
  // Of methods only those are named that HTTP itself knows.
  await book.send('_OTHER –', 404, { method: 'PROPFIND', token, path: '/profile', behind: false });
  await book.send('GET /health/live', 200, { behind: false });
}
