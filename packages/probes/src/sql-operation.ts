/** The words that may begin a statement; anything else is `_OTHER`, for the text may come from anywhere. */
const OPERATIONS =
  `ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DISCARD DO DROP END
   EXECUTE EXPLAIN FETCH GRANT INSERT LISTEN LOCK MERGE MOVE NOTIFY PREPARE REASSIGN REFRESH REINDEX RELEASE RESET REVOKE
   ROLLBACK SAVEPOINT SELECT SET SHOW START TABLE TRUNCATE UNLISTEN UPDATE VACUUM VALUES WITH`.split(/\s+/);

/** The words by their first letters as a number: most statements are told by one look-up, and no text is made of them. */
const byHead = new Map<number, string[]>();
for (const word of OPERATIONS) {
  const head = headOf(word, 0);
  byHead.set(head, [...(byHead.get(head) ?? []), word]);
}

/**
 * The operation of an SQL statement, `db.operation.name`: its first word in capitals. Only the head of the text is looked
 * at, past white space, comments and opening brackets; of a script of several statements the first one counts.
 */
export function sqlOperation(text: string): string {
  const start = skipBlank(text);
  const words = byHead.get(headOf(text, start));
  if (words !== undefined) for (const word of words) if (isWordAt(text, start, word)) return word;
  return '_OTHER';
}

/** Up to five letters from there on, as one small integer, capitals or not. */
function headOf(text: string, start: number): number {
  let head = 0;
  for (let at = start; at < start + 5 && at < text.length; at++) {
    const letter = text.charCodeAt(at) | 32;
    if (!isLetter(letter)) break;
    head = head * 27 + (letter - 96);
  }
  return head;
}

/** @param word in capitals */
function isWordAt(text: string, start: number, word: string): boolean {
  const end = start + word.length;
  for (let at = start; at < end; at++)
    if ((text.charCodeAt(at) | 32) !== (word.charCodeAt(at - start) | 32)) return false;
  return !isLetter(text.charCodeAt(end) | 32);
}

function skipBlank(text: string): number {
  let at = 0;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code <= 32 || code === 40 /* ( */) at++;
    else if (code === 45 /* - */ && text.startsWith('--', at)) at = after(text, '\n', at);
    else if (code === 47 /* / */ && text.startsWith('/*', at)) at = after(text, '*/', at);
    else break;
  }
  return at;
}

function after(text: string, end: string, from: number): number {
  const at = text.indexOf(end, from);
  return at === -1 ? text.length : at + end.length;
}

/** @param code of a character, with the bit set that tells small letters from capitals */
function isLetter(code: number): boolean {
  return code >= 97 && code <= 122;
}
