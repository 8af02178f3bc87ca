/** The words that may begin a statement; anything else is `_OTHER`, for the text may come from anywhere. */
const OPERATIONS = new Set(
  `ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DISCARD DO DROP END
   EXECUTE EXPLAIN FETCH GRANT INSERT LISTEN LOCK MERGE MOVE NOTIFY PREPARE REASSIGN REFRESH REINDEX RELEASE RESET REVOKE
   ROLLBACK SAVEPOINT SELECT SET SHOW START TABLE TRUNCATE UNLISTEN UPDATE VACUUM VALUES WITH`.split(/\s+/),
);

const LONGEST = Math.max(...Array.from(OPERATIONS, (word) => word.length));

/** Spelled as met, so that a usual statement costs one look-up: `select`, `Select` and `SELECT` at the most. */
const spellings = new Map<string, string>();
const MOST_SPELLINGS = 1000;

/**
 * The operation of an SQL statement, `db.operation.name`: its first word in capitals. Only the head of the text is looked
 * at, past white space, comments and opening brackets; of a script of several statements the first one counts.
 */
export function sqlOperation(text: string): string {
  const start = skipBlank(text);
  let end = start;
  while (end < text.length && end - start <= LONGEST && isLetter(text.charCodeAt(end))) end++;
  const word = text.slice(start, end);
  const known = spellings.get(word);
  if (known !== undefined) return known;
  const capitals = word.toUpperCase();
  const operation = OPERATIONS.has(capitals) ? capitals : '_OTHER';
  if (spellings.size < MOST_SPELLINGS) spellings.set(word, operation);
  return operation;
}

function skipBlank(text: string): number {
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 40 /* ( */) at++;
    else if (text.startsWith('--', at)) at = after(text, '\n', at);
    else if (text.startsWith('/*', at)) at = after(text, '*/', at);
    else break;
  }
  return at;
}

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at === -1 ? text.length : at + end.length;
}

function isLetter(code: number): boolean {
  const lower = code | 32;
  return lower >= 97 && lower <= 122;
}
