import { sqlOperation } from './sql-operation.ts';

const words = (list: string) => new Set(list.split(' '));

/** The words that begin an operation wherever they stand, but not after these. */
const OPERATIONS = new Map([
  ['SELECT', words('')],
  ['INSERT', words('THEN')],
  ['UPDATE', words('FOR KEY DO ON THEN')],
  ['DELETE', words('ON THEN')],
  ['MERGE', words('')],
]);

/** The words that what is worked on follows, each with the operations that have it. */
const BEFORE_TARGETS = new Map([
  ['FROM', words('SELECT DELETE UPDATE')],
  ['JOIN', words('SELECT DELETE UPDATE')],
  ['INTO', words('INSERT MERGE SELECT')],
  ['USING', words('DELETE MERGE')],
  ['TABLE', words('CREATE ALTER DROP LOCK COMMENT')],
  ['VIEW', words('CREATE ALTER DROP COMMENT REFRESH')],
]);

/** The operations that what is worked on follows at once. */
const TARGETS_AT_ONCE = words('UPDATE TRUNCATE CALL COPY TABLE');

/** What may stand between. */
const FILLERS = words('ONLY LATERAL IF NOT EXISTS TABLE CONCURRENTLY');

/** The words that end a list of tables. */
const AFTER_LISTS = words(
  'WHERE SET ON GROUP ORDER LIMIT OFFSET HAVING RETURNING VALUES WINDOW UNION EXCEPT INTERSECT FOR',
);

/** No word that is looked for here is longer. */
const LONGEST_WORD = 12;
const MOST_CHARACTERS = 255;

/** What is between two brackets, or outside of all. */
interface Level {
  /** Empty in an expression: FROM means something else there, as in `extract(day from created)`. */
  operation: string;
  /** In a list of tables. */
  isInList: boolean;
}

/** Reads the tokens of a text for its operations and what they work on. */
export class SqlSummary {
  readonly #parts: string[] = [];
  readonly #targets = new Set<string>();
  /** What WITH names is no table. */
  readonly #named = new Set<string>();
  #levels: Level[] = [newLevel()];
  #previous = '';
  #isAtStart = true;
  #isTargetNext = false;
  #target: string | undefined = undefined;
  /** With a bracket after it, what follows FROM is a function, and what follows INTO is not. */
  #mayBeFunction = false;

  /** @param isName whether the token is a word or a quoted name; white space and comments are left out */
  read(token: string, isName: boolean): void {
    if (this.#continuesTarget(token, isName)) return;
    const word = isName && token.length <= LONGEST_WORD ? token.toUpperCase() : token;
    if (isName) this.#readWord(word, token);
    else if (token === ',') this.#isTargetNext = this.#level.isInList;
    else if (token === ';') this.#begin();
    else {
      this.#isTargetNext = false;
      if (token === '(') this.#levels.push(newLevel());
      else if (token === ')' && this.#levels.length > 1) this.#levels.pop();
    }
    this.#previous = word;
  }

  /** What was read, at the end of the text. */
  told(): { summary: string; collection: string | undefined } {
    this.#endTarget();
    const [collection, ...others] = this.#targets;
    return { summary: shortened(this.#parts), collection: others.length === 0 ? collection : undefined };
  }

  get #level(): Level {
    return this.#levels.at(-1) as Level;
  }

  #begin(): void {
    this.#levels = [newLevel()];
    this.#isAtStart = true;
    this.#isTargetNext = false;
  }

  /** A name may have several parts: `sales.public."Orders"`. */
  #continuesTarget(token: string, isName: boolean): boolean {
    if (this.#target === undefined) return false;
    if (token === '.' || (isName && this.#target.endsWith('.'))) {
      this.#target += token;
      return true;
    }
    if (token === '(' && this.#mayBeFunction) this.#target = undefined;
    this.#endTarget();
    return false;
  }

  #endTarget(): void {
    const target = this.#target;
    this.#target = undefined;
    if (target === undefined || this.#named.has(target.toUpperCase())) return;
    this.#parts.push(target);
    this.#targets.add(target);
  }

  #readWord(word: string, token: string): void {
    const level = this.#level;
    if (this.#isAtStart) this.#operate(sqlOperation(token));
    else if (OPERATIONS.get(word)?.has(this.#previous) === false) this.#operate(word);
    else if (word === 'WITH' && this.#previous === '(') level.operation = word;
    else if (level.operation === 'WITH' && /^(?:WITH|RECURSIVE|,)$/.test(this.#previous)) {
      this.#named.add(token.toUpperCase());
    } else if (this.#isTargetNext && !FILLERS.has(word)) {
      this.#isTargetNext = false;
      if (word !== 'STDIN') this.#target = token;
    } else if (BEFORE_TARGETS.get(word)?.has(level.operation) && this.#previous !== 'DISTINCT') {
      this.#isTargetNext = true;
      this.#mayBeFunction = word === 'FROM' || word === 'JOIN';
      level.isInList = word === 'FROM';
    } else if (AFTER_LISTS.has(word)) level.isInList = false;
  }

  #operate(operation: string): void {
    const level = this.#level;
    this.#isAtStart = false;
    level.operation = operation;
    level.isInList = operation === 'TRUNCATE';
    this.#isTargetNext = TARGETS_AT_ONCE.has(operation);
    this.#mayBeFunction = false;
    if (operation !== '_OTHER') this.#parts.push(operation);
  }
}

function newLevel(): Level {
  return { operation: '', isInList: false };
}

/** As many whole parts as there is room for. */
function shortened(parts: readonly string[]): string {
  let summary = '';
  for (const part of parts) {
    if (summary.length + part.length >= MOST_CHARACTERS) break;
    summary += summary === '' ? part : ` ${part}`;
  }
  return summary;
}
