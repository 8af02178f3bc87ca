/** The words that may begin a statement; anything else is `_OTHER`, for the text may come from anywhere. */
const OPERATIONS =
  `ALTER ANALYZE BEGIN CALL CHECKPOINT CLOSE CLUSTER COMMENT COMMIT COPY CREATE DEALLOCATE DECLARE DELETE DISCARD DO DROP END
   EXECUTE EXPLAIN FETCH GRANT INSERT LISTEN LOCK MERGE MOVE NOTIFY PREPARE REASSIGN REFRESH REINDEX RELEASE RESET REVOKE
   ROLLBACK SAVEPOINT SELECT SET SHOW START TABLE TRUNCATE UNLISTEN UPDATE VACUUM VALUES WITH`.split(/\s+/);

const OTHER = '_OTHER';

/**
 * The words as a tree, so that one is found without making a text of it and within one function, which V8 compiles once: from each
 * place in the tree the next one by a letter, 0 where no word goes on, and the word that ends there.
 */
const places = OPERATIONS.join('').length + 1;
const next = new Uint16Array(places * 26);
const words = new Array<string>(places).fill(OTHER);
let latest = 0;
for (const word of OPERATIONS) {
  let place = 0;
  for (const letter of word) {
    const step = place * 26 + letter.charCodeAt(0) - 65;
    next[step] ||= ++latest;
    place = next[step]!;
  }
  words[place] = word;
}

/**
 * The operation of an SQL statement, `db.operation.name`: its first word in capitals. Only the head of the text is looked
 * at, past white space, comments and opening brackets; of a script of several statements the first one counts.
 */
export function sqlOperation(text: string): string {
  let place = 0;
  // Most begin with their word, and none with a letter would be skipped.
  for (let at = text.charCodeAt(0) > 64 ? 0 : skipBlank(text); ; at++) {
    // The bit that tells small letters from capitals is set; the end of the text is no letter.
    const letter = (text.charCodeAt(at) | 32) - 97;
    if (letter < 0 || letter > 25) return words[place]!;
    place = next[place * 26 + letter]!;
    if (place === 0) return OTHER;
  }
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
