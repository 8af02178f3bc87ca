import { type Context, context, type Span, type Tracer, trace } from '@opentelemetry/api';
import { type DatabaseTarget, targetAttributes } from './db-operation.ts';
import { DatabaseSpans, endDatabaseSpan } from './db-spans.ts';
import { isLeftOut } from './left-out.ts';
import { type PgClient, type PgQuery, targetOf } from './pg-client.ts';
import { sqlOperation } from './sql-operation.ts';
import { describeSql, shortened } from './sql-text.ts';

/** A query as those have it whose parameters are told: cursors have them, too. */
interface Asked {
  readonly text?: unknown;
  readonly values?: unknown;
}

/** The spans of pg: of its queries, of the wait for a pool's connection and of the making of connections. */
export class PgSpans {
  /**
   * Where the query was asked that a pool is about to send, when its outcome is a promise: whoever waits for that goes on in a
   * context of its own, so that none has to be entered.
   */
  promisedIn: Context | undefined = undefined;
  readonly #spans: DatabaseSpans;
  /** Where the connection belongs that a pool is about to make. */
  #pooledIn: Context | undefined;

  constructor(tracer: () => Tracer) {
    this.#spans = new DatabaseSpans(tracer);
  }

  /**
   * @param active where it was asked
   * @returns undefined where nothing is recorded
   */
  query(active: Context, client: PgClient, query: PgQuery): Span | undefined {
    if (isLeftOut(active)) return undefined;
    const target = targetOf(client);
    const asked: Asked = query.cursor ?? query;
    const text = asked.text ?? client.connection?.parsedStatements[query.name as string];
    if (typeof text !== 'string') {
      return this.#spans.started(active, target.namespace ?? target.system, targetAttributes(target));
    }
    const { withoutLiterals, summary, collection } = describeSql(text);
    const operation = sqlOperation(text);
    return this.#spans.started(active, summary || (target.namespace ?? target.system), {
      ...targetAttributes(target),
      'db.operation.name': operation === '_OTHER' ? undefined : operation,
      'db.collection.name': collection,
      'db.query.summary': summary || undefined,
      // Who gives parameters has nothing secret in the text, say the conventions.
      'db.query.text': Array.isArray(asked.values) && asked.values.length > 0 ? shortened(text) : withoutLiterals,
    });
  }

  /** Of one who asks a pool for a connection. */
  wait(active: Context): Span | undefined {
    return isLeftOut(active)
      ? undefined
      : this.#spans.started(active, 'pg-pool.connect', { 'db.system.name': 'postgresql' });
  }

  /** Of a client that connects, for a pool or by itself. */
  connect(client: PgClient): Span | undefined {
    const parent = this.#pooledIn ?? context.active();
    return isLeftOut(parent)
      ? undefined
      : this.#spans.started(parent, 'pg.connect', targetAttributes(targetOf(client)));
  }

  /** Has a pool make a connection for one who waits, and who may have asked before. */
  pooled<R>(wait: Span | undefined, asked: Context | undefined, make: () => R): R {
    const before = this.#pooledIn;
    this.#pooledIn = wait ? trace.setSpan(asked ?? context.active(), wait) : asked;
    try {
      return make();
    } finally {
      this.#pooledIn = before;
    }
  }
}

/** @param target where it is known by then */
export function endPgSpan(span: Span, error: string | undefined, target?: DatabaseTarget): void {
  if (target) span.setAttributes(targetAttributes(target));
  endDatabaseSpan(span, error, error !== undefined && isSqlState(error) ? error : undefined);
}

/** Node's own codes of that length begin with an E, and none of PostgreSQL's does. */
function isSqlState(code: string): boolean {
  return /^(?!E)[0-9A-Z]{5}$/.test(code);
}
