import { randomBytes, randomUUID } from 'node:crypto';
import type { Tally } from './tally.ts';

export interface Payment {
  id: string;
  state: 'authorized' | 'captured' | 'partially_refunded' | 'refunded' | 'canceled';
  amount: number;
  refundedAmount: number;
}

interface Tokens {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

export interface Exchange {
  action: string;
  method: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Sent instead of the user's own access token. */
  token?: string;
  expect: number[];
}

const TIMEOUT_MS = 10_000;
/** A person remembers only so many payments. */
const REMEMBERED = 20;

/** Someone who uses the system: an account, its tokens, and the payments made so far. One request at a time. */
export class User {
  readonly email = `load-${randomUUID()}@example.com`;
  readonly password = randomBytes(12).toString('base64url');
  readonly #url: string;
  readonly #tally: Tally;
  registered = false;
  busy = false;
  payments: Payment[] = [];
  #tokens: (Tokens & { refreshAt: number }) | undefined;

  constructor(url: string, tally: Tally) {
    this.#url = url;
    this.#tally = tally;
  }

  get refreshToken(): string | undefined {
    return this.#tokens?.refreshToken;
  }

  /** Whether the access token is about to expire, in the last tenth of its time. */
  get mustRefresh(): boolean {
    return this.#tokens !== undefined && Date.now() > this.#tokens.refreshAt;
  }

  keepTokens(tokens: Tokens | undefined): void {
    this.#tokens = tokens && { ...tokens, refreshAt: Date.now() + tokens.expiresIn * 900 };
  }

  remember(payment: Payment): void {
    this.payments = [payment, ...this.payments.filter(({ id }) => id !== payment.id)].slice(0, REMEMBERED);
  }

  /**
   * Sends one request and counts its answer. The gateway may always say 429: it then does what it should.
   *
   * @returns the answer's JSON when it has the first of the expected statuses
   */
  async send<T>({ action, method, path, body, headers, token, expect }: Exchange): Promise<T | undefined> {
    const authorization = token ?? this.#tokens?.accessToken;
    const began = performance.now();
    const count = (outcome: string, expected: boolean) =>
      this.#tally.record(action, outcome, expected, (performance.now() - began) / 1000);
    try {
      const response = await fetch(`${this.#url}${path}`, {
        method,
        headers: {
          ...(authorization !== undefined && { authorization: `Bearer ${authorization}` }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      const text = await response.text();
      const answer = response.status === expect[0] && text !== '' ? (JSON.parse(text) as T) : undefined;
      count(String(response.status), expect.includes(response.status) || response.status === 429);
      return answer;
    } catch (error) {
      const { name, cause } = error as Error & { cause?: { code?: string } };
      count(name === 'TimeoutError' ? 'no answer in 10 s' : (cause?.code ?? name), false);
      return undefined;
    }
  }
}
