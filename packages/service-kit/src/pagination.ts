import { z } from 'zod';

/** Where a page begins: after the row with this creation time (ISO 8601, milliseconds) and id (UUID). */
export interface Position {
  createdAt: string;
  id: string;
}

const position = z.tuple([z.iso.datetime(), z.guid()]);

const cursor = z.string().transform((text, context): Position => {
  try {
    const [createdAt, id] = position.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { createdAt, id };
  } catch {
    context.addIssue({ code: 'custom', message: 'is not a cursor that a nextCursor of this list gave' });
    return z.NEVER;
  }
});

/** The query parameters of every list; `.extend` it with the list's own. `cursor` comes out as a `Position`. */
export const pageQuery = z.object({
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: cursor.optional(),
});

/**
 * Makes a page of rows read newest first, `limit + 1` of them:
 * `WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3`.
 * The column is `timestamptz(3)`: a JavaScript date holds no more, and a finer column would lose rows between pages.
 */
export function page<Row>(
  rows: Row[],
  limit: number,
  positionOf: (row: Row) => { createdAt: Date | string; id: string },
) {
  const items = rows.slice(0, limit);
  const last = rows.length > limit ? items.at(-1) : undefined;
  return { items, nextCursor: last === undefined ? null : encode(positionOf(last)) };
}

function encode({ createdAt, id }: { createdAt: Date | string; id: string }): string {
  return Buffer.from(JSON.stringify([new Date(createdAt).toISOString(), id])).toString('base64url');
}
