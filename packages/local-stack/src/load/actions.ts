import { randomUUID } from 'node:crypto';
import type { Payment, User } from './user.ts';

interface Action {
  /** How often it is chosen, relative to the others that the user can do now. */
  weight: number;
  can: (user: User) => boolean;
  run: (user: User) => Promise<unknown>;
}

const CURRENCIES = ['EUR', 'USD', 'GBP', 'CHF'];
const OCCASIONS = ['Groceries', 'Train ticket', 'Concert', 'Books', 'Coffee', 'Rent'];

const pick = <T>(items: readonly T[]): T => items[Math.floor(Math.random() * items.length)] as T;
const always = () => true;
const inState =
  (...states: Array<Payment['state']>) =>
  (user: User) =>
    user.payments.some(({ state }) => states.includes(state));
const pickIn = (user: User, ...states: Array<Payment['state']>): Payment =>
  pick(user.payments.filter(({ state }) => states.includes(state)));
const left = (payment: Payment) => payment.amount - payment.refundedAmount;

/** What a person does first, in this order: without an account and a token nothing else works. */
function firstSteps(user: User): (() => Promise<unknown>) | undefined {
  if (!user.registered) return () => register(user);
  if (user.refreshToken === undefined) return () => logIn(user);
  return user.mustRefresh ? () => refresh(user) : undefined;
}

const ACTIONS: Action[] = [
  { weight: 30, can: (user) => user.payments.length > 0, run: readPayment },
  { weight: 10, can: always, run: read('list payments', '/payments?limit=10') },
  { weight: 10, can: always, run: read('read profile', '/profile') },
  { weight: 6, can: always, run: read('read preferences', '/profile/preferences') },
  { weight: 3, can: always, run: read('who am I', '/auth/me') },
  { weight: 12, can: always, run: (user) => pay(user, false) },
  { weight: 6, can: always, run: (user) => pay(user, true) },
  { weight: 7, can: inState('authorized'), run: (user) => change(user, 'capture') },
  { weight: 3, can: inState('authorized'), run: (user) => change(user, 'cancel') },
  { weight: 4, can: inState('captured', 'partially_refunded'), run: refundSome },
  { weight: 2, can: inState('captured', 'partially_refunded'), run: refundAll },
  { weight: 2, can: always, run: changeProfile },
  { weight: 2, can: always, run: changePreferences },
  { weight: 3, can: always, run: refresh },
  { weight: 1, can: always, run: logOut },
  { weight: 1, can: always, run: badToken },
  { weight: 1, can: always, run: badPassword },
  { weight: 1, can: always, run: badBody },
  { weight: 1, can: always, run: unknownPayment },
  { weight: 1, can: always, run: reuseKey },
  { weight: 1, can: always, run: repeatPayment },
  { weight: 1, can: inState('refunded', 'canceled'), run: changeWhatIsOver },
  { weight: 1, can: always, run: peekAtAdmin },
];

/** Does the one thing that this user would do now. */
export async function act(user: User): Promise<void> {
  const first = firstSteps(user);
  if (first) return void (await first());
  const possible = ACTIONS.filter(({ can }) => can(user));
  let point = Math.random() * possible.reduce((sum, { weight }) => sum + weight, 0);
  const chosen = possible.find(({ weight }) => {
    point -= weight;
    return point < 0;
  });
  await chosen?.run(user);
}

async function register(user: User): Promise<void> {
  const body = { email: user.email, password: user.password, name: 'Load Tester' };
  const answer = await user.send({ action: 'register', method: 'POST', path: '/auth/register', body, expect: [201] });
  user.registered = answer !== undefined;
}

async function logIn(user: User): Promise<void> {
  const body = { email: user.email, password: user.password };
  user.keepTokens(await user.send({ action: 'log in', method: 'POST', path: '/auth/login', body, expect: [200] }));
}

async function refresh(user: User): Promise<void> {
  const body = { refreshToken: user.refreshToken };
  user.keepTokens(await user.send({ action: 'refresh', method: 'POST', path: '/auth/refresh', body, expect: [200] }));
}

async function logOut(user: User): Promise<void> {
  const body = { refreshToken: user.refreshToken };
  await user.send({ action: 'log out', method: 'POST', path: '/auth/logout', body, expect: [204] });
  user.keepTokens(undefined);
}

function read(action: string, path: string): Action['run'] {
  return (user) => user.send({ action, method: 'GET', path, expect: [200] });
}

/** People look at their newest payments most: that is what makes a cache useful. */
async function readPayment(user: User): Promise<void> {
  const { id } = pick(user.payments.slice(0, 3));
  await user.send({ action: 'read payment', method: 'GET', path: `/payments/${id}`, expect: [200] });
}

const newPayment = (capture: boolean) => ({
  amount: 100 + Math.floor(Math.random() * 20_000),
  currency: pick(CURRENCIES),
  description: pick(OCCASIONS),
  capture,
});

async function pay(user: User, capture: boolean): Promise<void> {
  await sendPayment(user, capture ? 'pay at once' : 'authorize', newPayment(capture), randomUUID(), 201);
}

async function sendPayment(user: User, action: string, body: unknown, key: string, status: number): Promise<void> {
  const headers = { 'idempotency-key': key };
  const path = '/payments';
  const payment = await user.send<Payment>({ action, method: 'POST', path, body, headers, expect: [status] });
  if (payment?.id !== undefined && payment.state !== undefined) user.remember(payment);
}

async function change(user: User, what: 'capture' | 'cancel'): Promise<void> {
  const path = `/payments/${pickIn(user, 'authorized').id}/${what}`;
  const payment = await user.send<Payment>({ action: what, method: 'POST', path, expect: [200] });
  if (payment) user.remember(payment);
}

async function refundSome(user: User): Promise<void> {
  const payment = pickIn(user, 'captured', 'partially_refunded');
  await refund(user, 'refund a part', payment, { amount: Math.ceil(left(payment) / 3) });
}

async function refundAll(user: User): Promise<void> {
  await refund(user, 'refund', pickIn(user, 'captured', 'partially_refunded'), {});
}

async function refund(user: User, action: string, { id }: Payment, body: { amount?: number }): Promise<void> {
  const path = `/payments/${id}/refunds`;
  const headers = { 'idempotency-key': randomUUID() };
  const payment = await user.send<Payment>({ action, method: 'POST', path, body, headers, expect: [201] });
  if (payment) user.remember(payment);
}

async function changeProfile(user: User): Promise<void> {
  const body = { displayName: pick(['Ada', 'Grace', 'Alan']), phone: '+43 1 234567', address: 'Hauptstraße 1, Wien' };
  await user.send({ action: 'change profile', method: 'PUT', path: '/profile', body, expect: [200] });
}

async function changePreferences(user: User): Promise<void> {
  const body = { currency: pick(CURRENCIES), newsletter: Math.random() < 0.5 };
  await user.send({ action: 'change preferences', method: 'PATCH', path: '/profile/preferences', body, expect: [200] });
}

async function badToken(user: User): Promise<void> {
  await user.send({ action: 'bad token', method: 'GET', path: '/payments', token: 'not-a-token', expect: [401] });
}

async function badPassword(user: User): Promise<void> {
  const body = { email: user.email, password: 'not the password' };
  await user.send({ action: 'bad password', method: 'POST', path: '/auth/login', body, expect: [401] });
}

async function badBody(user: User): Promise<void> {
  const headers = { 'idempotency-key': randomUUID() };
  const body = { amount: -1, currency: 'EUR' };
  await user.send({ action: 'bad body', method: 'POST', path: '/payments', body, headers, expect: [400, 422] });
}

async function unknownPayment(user: User): Promise<void> {
  await user.send({ action: 'unknown payment', method: 'GET', path: `/payments/${randomUUID()}`, expect: [404] });
}

async function reuseKey(user: User): Promise<void> {
  const key = randomUUID();
  await sendPayment(user, 'pay at once', newPayment(true), key, 201);
  await sendPayment(user, 'reuse a key', { ...newPayment(true), amount: 99 }, key, 422);
}

/** What a client does after it lost the first answer. */
async function repeatPayment(user: User): Promise<void> {
  const key = randomUUID();
  const body = newPayment(false);
  await sendPayment(user, 'authorize', body, key, 201);
  await sendPayment(user, 'send a payment again', body, key, 200);
}

async function changeWhatIsOver(user: User): Promise<void> {
  const path = `/payments/${pickIn(user, 'refunded', 'canceled').id}/capture`;
  await user.send({ action: 'capture what is over', method: 'POST', path, expect: [409] });
}

async function peekAtAdmin(user: User): Promise<void> {
  await user.send({ action: 'peek at admin', method: 'GET', path: '/admin/users', expect: [403] });
}
