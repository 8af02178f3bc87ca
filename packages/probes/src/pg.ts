import { type Context, context, type Span, type SpanContext, trace } from '@opentelemetry/api';
import type { InstrumentationModuleDefinition } from '@opentelemetry/instrumentation';
import type { CellRegistry } from '@otel-register/cells';
import { callBackIn } from './caller-context.ts';
import type { DatabaseOperations, TargetOperations } from './db-operation.ts';
import { errorType } from './error-type.ts';
import { isReplaced, type Method, overrideMethod } from './patch.ts';
import { lastQueued, type PgClient, type PgConnection, type PgNative, type PgQuery, targetOf } from './pg-client.ts';
import { PgPools } from './pg-pools.ts';
import { endPgSpan, PgSpans } from './pg-spans.ts';
import { PgTransactions, type QueryStart } from './pg-transactions.ts';
import { Probe } from './probe.ts';
import { sqlOperation } from './sql-operation.ts';

const VERSIONS = ['>=8.0.0 <9'];
/** Before, a client's methods do not see what the server says of transactions. */
const TRANSACTION_VERSIONS = ['>=8.4.0 <9'];
const POOL_VERSIONS = ['>=3.0.0 <4'];

const operations = Symbol('otel-register.operations');
const begun = Symbol('otel-register.begun');

/** What is remembered of a query, in one object: queries of several shapes make pg's own code slower. */
interface Begun {
  /** In milliseconds; NaN once it is recorded: it may be told twice that it is over. */
  at: number;
  /** Where it was asked and what is called back; undefined where there are no spans, or nothing of the service is called. */
  in: Context | undefined;
  span: Span | undefined;
  /** What the duration is remembered with. */
  exemplar: SpanContext | undefined;
}

/** What queries are handed, and what knows where they go. */
type Carrier = (PgConnection | PgNative) & { [operations]?: TargetOperations };

type WatchedQuery = PgQuery & { [begun]?: Begun };

/**
 * Measures the queries of pg 8, its transactions and its pools, and makes their spans.
 *
 * A query is watched from the moment that the service hands it to a client until the server is done with it or it fails, on
 * methods of pg: arguments, promises and callbacks of the service are not touched. A cursor or a stream is one operation, and
 * lasts until it is read to its end, closed, or fails. Where there are spans, callbacks are called in the context of who asked.
 */
export class PgProbe extends Probe {
  readonly #operations: DatabaseOperations;
  readonly #transactions: PgTransactions;
  readonly #pools: PgPools;
  /** Undefined where no spans are made. */
  readonly #spans: PgSpans | undefined;

  /** @param hasSpans whether queries have spans */
  constructor(cells: CellRegistry, database: DatabaseOperations, hasSpans: boolean) {
    super('pg');
    this.#operations = database;
    this.#spans = hasSpans ? new PgSpans(() => this.tracer) : undefined;
    const failed = (error: unknown) => this.failed(error);
    this.#transactions = new PgTransactions(cells, startOf, failed);
    this.#pools = new PgPools(cells, failed, this.#spans);
  }

  override disable(): void {
    super.disable();
    this.#pools.restore();
  }

  protected override init(): InstrumentationModuleDefinition[] {
    // Below `connect`: the upstream instrumentation, which makes spans of it, wraps it, unwraps it and wraps it again while pg
    // is loaded, and would not know its own wrapper under one of ours.
    const client = {
      _connect: (original: Method) => this.#connecting(original),
      _pulseQueryQueue: (original: Method) => this.#pulsing(original),
    };
    const handleError = (original: Method) => this.#erring(original);
    return [
      this.patched('pg', VERSIONS, [
        { module: 'pg/lib/client.js', wrappers: client },
        {
          module: 'pg/lib/query.js',
          wrappers: { handleReadyForQuery: (original) => this.#ready(original), handleError },
        },
        { module: 'pg/lib/native/client.js', wrappers: client },
        { module: 'pg/lib/native/query.js', wrappers: { handleError } },
      ]),
      this.patched('pg', TRANSACTION_VERSIONS, [
        {
          module: 'pg/lib/client.js',
          wrappers: { _handleReadyForQuery: (original) => this.#transactions.readying(original) },
        },
      ]),
      this.patched('pg-pool', POOL_VERSIONS, [
        {
          module: 'pg-pool',
          wrappers: {
            query: (original) => this.#pools.querying(original),
            connect: (original) => this.#pools.connecting(original),
            newClient: (original) => this.#pools.creating(original),
            _acquireClient: (original) => this.#pools.acquiring(original),
            _release: (original) => this.#pools.releasing(original),
          },
        },
      ]),
    ];
  }

  #connecting(original: Method): Method {
    const remember = (client: PgClient, connected: unknown) => {
      this.#remember(client);
      return this.#watchConnect(client, connected);
    };
    return function _connect(this: PgClient, connected: unknown) {
      return original.call(this, remember(this, connected));
    };
  }

  /** Called by a client right after it has put a query into its queue, and whenever it is free for the next one. */
  #pulsing(original: Method): Method {
    const probe = this;
    return function _pulseQueryQueue(this: PgClient) {
      try {
        // Every query has been the last of its client's queue for a moment, in the context of the code that asked it.
        const query: WatchedQuery | undefined = lastQueued(this);
        if (query !== undefined && query[begun] === undefined) {
          const start = beginning(performance.now());
          query[begun] = start;
          if (probe.#spans) probe.#span(this, query, start, probe.#spans);
          if (this.native) query.once('end', probe.#nativeEnd);
          else if (!isReplaced(query.handleReadyForQuery)) probe.#watch(query);
        }
      } catch (failure) {
        probe.failed(failure);
      }
      return original.apply(this, arguments as never);
    };
  }

  #ready(original: Method): Method {
    const probe = this;
    return function handleReadyForQuery(this: WatchedQuery, connection: Carrier) {
      // A row that could not be parsed: pg goes on to handleError, which knows the error.
      if (!this._canceledDueToError) probe.#record(this, connection, undefined);
      const asker = this[begun]?.in;
      return asker ? callBackIn(asker, original, this, arguments) : original.apply(this, arguments as never);
    };
  }

  #erring(original: Method): Method {
    const record = (query: WatchedQuery, connection: Carrier | undefined, error: unknown) =>
      this.#record(query, connection ?? query.native, error);
    return function handleError(this: WatchedQuery, error: unknown, connection?: Carrier) {
      record(this, connection, this._canceledDueToError || error);
      return callBackIn(this[begun]?.in, original, this, arguments);
    };
  }

  /** Calls nothing of a query but this when it has succeeded over libpq. */
  readonly #nativeEnd = this.#endOfNative();

  #endOfNative() {
    const record = (query: WatchedQuery) => this.#record(query, query.native, undefined);
    return function (this: WatchedQuery) {
      record(this);
    };
  }

  #remember(client: PgClient): void {
    try {
      const carrier: Carrier | undefined = client.connection ?? client.native;
      if (carrier === undefined || carrier[operations] !== undefined) return;
      const target = targetOf(client);
      carrier[operations] = this.#operations.on(target);
      this.#transactions.watch(client, target);
    } catch (failure) {
      this.failed(failure);
    }
  }

  /** @returns what is called in place of `connected` */
  #watchConnect(client: PgClient, connected: unknown): unknown {
    if (this.#spans === undefined || typeof connected !== 'function') return connected;
    try {
      const caller = context.active();
      let span = this.#spans.connect(client);
      const ended = this.guarded((error: unknown) => {
        if (span) endPgSpan(span, error ? errorType(error) : undefined);
        span = undefined;
      });
      return function (this: unknown, error: unknown) {
        ended(error);
        return callBackIn(caller, connected as Method, this, arguments);
      };
    } catch (failure) {
      this.failed(failure);
      return connected;
    }
  }

  #span(client: PgClient, query: WatchedQuery, start: Begun, spans: PgSpans): void {
    const { promisedIn } = spans;
    const active = promisedIn ?? context.active();
    start.span = spans.query(active, client, query);
    start.exemplar = this.#operations.captureSpan(start.span ?? trace.getSpan(active));
    if (promisedIn) return;
    if (!client.native) start.in = active;
    // Nothing but the callback is called then.
    else if (typeof query.callback === 'function') query.callback = context.bind(active, query.callback);
  }

  /** Queries of pg are watched on their prototype; what else a client takes may be of any class. */
  #watch(query: WatchedQuery): void {
    overrideMethod(query, 'handleReadyForQuery', (original) => this.#ready(original));
    overrideMethod(query, 'handleError', (original) => this.#erring(original));
  }

  #record(query: WatchedQuery, carrier: Carrier | undefined, error: unknown): void {
    try {
      const on = carrier?.[operations];
      const now = performance.now();
      // A query that was refused before it came into the queue took no time.
      query[begun] ??= beginning(now);
      const { at, span, exemplar } = query[begun];
      if (Number.isNaN(at)) return;
      query[begun].at = Number.NaN;
      const failure = error === undefined ? undefined : errorTypeOf(query, error);
      if (span) endPgSpan(span, failure);
      if (on) this.#operations.record(on, operationOf(query, carrier), failure, (now - at) / 1000, exemplar);
    } catch (failure) {
      this.failed(failure);
    }
  }
}

function beginning(at: number): Begun {
  return { at, in: undefined, span: undefined, exemplar: undefined };
}

function startOf(query: WatchedQuery): QueryStart | undefined {
  const start = query[begun];
  return start && { time: start.at, span: start.exemplar };
}

/** A statement that was prepared under a name may be asked for by that alone. */
function operationOf(query: PgQuery, carrier: Carrier): string | undefined {
  const prepared = 'parsedStatements' in carrier ? carrier.parsedStatements : {};
  const text = query.text ?? query.cursor?.text ?? prepared[query.name as string];
  return typeof text === 'string' ? sqlOperation(text) : undefined;
}

/**
 * An error of libpq gets its SQLSTATE as its code only when the query handles it: out of what libpq keeps of its latest
 * result, or from the error itself when queries are pipelined.
 */
function errorTypeOf({ native }: PgQuery, error: unknown): string {
  const { code, message, sqlState } = (error ?? {}) as { code?: unknown; message?: unknown; sqlState?: unknown };
  if (native === undefined || code !== undefined) return errorType(error);
  if (typeof sqlState === 'string') return sqlState;
  const latest = native.pq.resultErrorFields();
  const isLatest = latest?.messagePrimary && String(message).includes(latest.messagePrimary);
  return (isLatest && latest.sqlState) || errorType(error);
}
