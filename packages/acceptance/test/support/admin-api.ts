import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { type Answer, accessToken, call } from './api-client.ts';

/** What an entry of the audit log says beside who and when. */
export interface Entry {
  action: string;
  target: string;
  outcome: string;
}

/** An instance of the admin service and the audit log that it writes. */
export class AdminApi {
  readonly #url: string;
  readonly #secret: string;
  readonly #audit: pg.Pool;

  constructor(url: string, secret: string, audit: pg.Pool) {
    this.#url = url;
    this.#secret = secret;
    this.#audit = audit;
  }

  /** Asks as the admin `sub`; a new one when none is given. */
  ask(path: string, sub: string = randomUUID(), headers: Record<string, string> = {}): Promise<Answer> {
    return call(`${this.#url}${path}`, { token: accessToken(this.#secret, { sub, role: 'admin' }), headers });
  }

  /** What one caller left in the audit log, oldest first. */
  async entriesOf(actorId: string): Promise<Entry[]> {
    const { rows } = await this.#audit.query(
      'SELECT action, target, outcome FROM audit_log WHERE actor_id = $1 ORDER BY at',
      [actorId],
    );
    return rows;
  }
}
