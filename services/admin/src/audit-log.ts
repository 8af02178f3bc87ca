import type { Database, Position } from '@payments/service-kit';

/** How an admin request ended. */
export type Outcome =
  | 'ok'
  | 'denied'
  | 'invalid'
  | 'not_found'
  | 'upstream_unavailable'
  | 'upstream_timeout'
  | 'failed';

/** One line of the audit log: when (ISO 8601), who, did what, to what, with which outcome. */
export interface AuditEntry {
  id: string;
  at: string;
  actorId: string;
  action: string;
  target: string;
  outcome: Outcome;
}

/** Appends an entry. When this fails the request must fail too: nothing is shown without a trace of it. */
export async function appendEntry(database: Database, entry: Omit<AuditEntry, 'id' | 'at'>): Promise<void> {
  await database.query('INSERT INTO audit_log (actor_id, action, target, outcome) VALUES ($1, $2, $3, $4)', [
    entry.actorId,
    entry.action,
    entry.target,
    entry.outcome,
  ]);
}

/** At most `limit` entries, newest first, from behind the position. */
export async function pageOfEntries(database: Database, limit: number, after?: Position): Promise<AuditEntry[]> {
  const rows = await database.query<Omit<AuditEntry, 'at'> & { at: Date }>(
    `SELECT id, at, actor_id AS "actorId", action, target, outcome FROM audit_log
     ${after ? 'WHERE (at, id) < ($2, $3)' : ''} ORDER BY at DESC, id DESC LIMIT $1`,
    after ? [limit, new Date(after.createdAt), after.id] : [limit],
  );
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }));
}
