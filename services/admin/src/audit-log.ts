import type { Pool } from 'pg';

/** How an admin request ended. */
export type Outcome =
  | 'ok'
  | 'denied'
  | 'invalid'
  | 'not_found'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'failed';

/** One line of the audit log: who did what to what, and how it ended. `at` is ISO 8601. */
export interface AuditEntry {
  id: string;
  at: string;
  actorId: string;
  action: string;
  target: string;
  outcome: Outcome;
}

/** Appends an entry. When this fails the request must fail too: nothing is shown without a trace of it. */
export async function appendEntry(database: Pool, entry: Omit<AuditEntry, 'id' | 'at'>): Promise<void> {
  await database.query('INSERT INTO audit_log (actor_id, action, target, outcome) VALUES ($1, $2, $3, $4)', [
    entry.actorId,
    entry.action,
    entry.target,
    entry.outcome,
  ]);
}

/** At most `limit` entries, newest first, from behind the entry `afterId`. */
export async function pageOfEntries(database: Pool, limit: number, afterId?: string): Promise<AuditEntry[]> {
  const { rows } = await database.query<AuditEntry & { at: Date }>(
    `SELECT id, at, actor_id AS "actorId", action, target, outcome FROM audit_log
     WHERE $2::bigint IS NULL OR id < $2 ORDER BY id DESC LIMIT $1`,
    [limit, afterId],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
