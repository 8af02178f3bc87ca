import type { SpanContext } from '@opentelemetry/api';
import type { CellRegistry, HistogramCell, HistogramMetric } from '@otel-register/cells';
import { type DatabaseTarget, DURATION_BOUNDARIES, targetAttributes } from './db-operation.ts';
import type { Method } from './patch.ts';
import { activeQuery, type PgClient, type PgQuery } from './pg-client.ts';

/** What PostgreSQL says with every answer of a connection on which no transaction is open. */
const IDLE = 'I';

const transactions = Symbol('otel-register.transactions');

/** When and in which span a query began. */
export interface QueryStart {
  readonly time: number;
  readonly span: SpanContext | undefined;
}

type WatchedClient = PgClient & { [transactions]?: ClientTransactions };
type Outcome = 'commit' | 'rollback';

interface ClientTransactions {
  readonly target: DatabaseTarget;
  readonly cells: Partial<Record<Outcome, HistogramCell>>;
  open: QueryStart | undefined;
}

/**
 * Measures transactions, from the statement that opened one until the server has ended it. That one is open, the server says
 * itself at the end of each answer: no statement is looked at.
 */
export class PgTransactions {
  readonly #duration: HistogramMetric;
  readonly #startOf: (query: PgQuery) => QueryStart | undefined;
  readonly #failed: (error: unknown) => void;

  /** @param startOf undefined for a query that is not watched */
  constructor(
    cells: CellRegistry,
    startOf: (query: PgQuery) => QueryStart | undefined,
    failed: (error: unknown) => void,
  ) {
    this.#startOf = startOf;
    this.#failed = failed;
    this.#duration = cells.histogram({
      name: 'db.client.transaction.duration',
      unit: 's',
      description: 'Duration of database transactions, from the statement that opens one to its commit or rollback.',
      boundaries: DURATION_BOUNDARIES,
    });
  }

  /** Watches a client that is about to connect; those of libpq say nothing of transactions. */
  watch(client: WatchedClient, target: DatabaseTarget): void {
    client[transactions] = { target, cells: {}, open: undefined };
    client.connection?.once('end', () => this.#ended(client));
  }

  /** Wraps `Client.prototype._handleReadyForQuery`. */
  readying(original: Method): Method {
    const watch = this;
    return function _handleReadyForQuery(this: WatchedClient, message?: { readonly status?: unknown }) {
      const { [transactions]: known } = this;
      const isOpen = message?.status !== IDLE;
      if (known !== undefined && isOpen !== (known.open !== undefined)) watch.#changed(this, known, isOpen);
      return original.apply(this, arguments as never);
    };
  }

  #changed(client: WatchedClient, known: ClientTransactions, isOpen: boolean): void {
    try {
      const query = activeQuery(client);
      if (isOpen) known.open = query && this.#startOf(query);
      // The COMMIT of a transaction in which something failed is answered ROLLBACK; one that fails itself is not active.
      else this.#end(known, query !== undefined && query._result?.command !== 'ROLLBACK' ? 'commit' : 'rollback');
    } catch (error) {
      this.#failed(error);
    }
  }

  #ended(client: WatchedClient): void {
    try {
      const known = client[transactions];
      if (known?.open !== undefined) this.#end(known, 'rollback');
    } catch (error) {
      this.#failed(error);
    }
  }

  #end(known: ClientTransactions, outcome: Outcome): void {
    const { target, cells, open } = known;
    if (open === undefined) return;
    known.open = undefined;
    cells[outcome] ??= this.#duration.bind({ ...targetAttributes(target), 'db.transaction.outcome': outcome });
    cells[outcome].record((performance.now() - open.time) / 1000, open.span);
  }
}
