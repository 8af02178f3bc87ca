import type { SpanContext } from '@opentelemetry/api';
import type { CellRegistry, HistogramCell, HistogramMetric } from '@otel-register/cells';
import { type DatabaseTarget, DURATION_BOUNDARIES, targetAttributes } from './db-operation.ts';
import { activeQuery, type PgClient, type PgQuery } from './pg-client.ts';

/** What PostgreSQL says with every answer of a connection on which no transaction is open. */
const IDLE = 'I';

/** When and in which span a query began. */
export interface QueryStart {
  readonly time: number;
  readonly span: SpanContext | undefined;
}

/** Makes a listener that cannot throw. */
type Guard = <M>(listener: (message: M) => void) => (message: M) => void;

/**
 * Measures transactions, from the statement that opened one until the server has ended it. That one is open, the server says
 * itself at the end of each answer: no statement is looked at.
 */
export class PgTransactions {
  readonly #duration: HistogramMetric;
  readonly #guarded: Guard;

  constructor(cells: CellRegistry, guarded: Guard) {
    this.#guarded = guarded;
    this.#duration = cells.histogram({
      name: 'db.client.transaction.duration',
      unit: 's',
      description: 'Duration of database transactions, from the statement that opens one to its commit or rollback.',
      boundaries: DURATION_BOUNDARIES,
    });
  }

  /**
   * Watches a client that is about to connect. One of libpq says nothing of transactions.
   *
   * @param startOf undefined for a query that is not watched
   */
  watch(client: PgClient, target: DatabaseTarget, startOf: (query: PgQuery) => QueryStart | undefined): void {
    const cells: Partial<Record<'commit' | 'rollback', HistogramCell>> = {};
    let open: QueryStart | undefined;
    const end = (outcome: 'commit' | 'rollback') => {
      if (open === undefined) return;
      cells[outcome] ??= this.#duration.bind({ ...targetAttributes(target), 'db.transaction.outcome': outcome });
      cells[outcome].record((performance.now() - open.time) / 1000, open.span);
      open = undefined;
    };
    const ready = ({ status }: { readonly status?: string }) => {
      if ((status === IDLE) === (open === undefined)) return;
      const query = activeQuery(client);
      if (status !== IDLE) open = query && startOf(query);
      // The COMMIT of a transaction in which something failed is answered ROLLBACK; one that fails itself is not active.
      else end(query !== undefined && query._result?.command !== 'ROLLBACK' ? 'commit' : 'rollback');
    };
    // Before pg's own listeners, so that the query which has been answered is still the active one.
    client.connection?.on('readyForQuery', this.#guarded(ready));
    client.connection?.once(
      'end',
      this.#guarded(() => end('rollback')),
    );
  }
}
