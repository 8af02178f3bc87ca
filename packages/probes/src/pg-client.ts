import type { DatabaseTarget } from './db-operation.ts';

/** What is read of a client of pg 8, be it the one in JavaScript or the one over libpq. Names changed in the course of 8. */
export interface PgClient {
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  /** Of the client in JavaScript. */
  readonly connection?: PgConnection;
  /** Of the client over libpq. */
  readonly native?: PgNative;
  readonly _connected?: boolean;
  readonly _queryQueue?: readonly PgQuery[];
  readonly queryQueue?: readonly PgQuery[];
  readonly _activeQuery?: PgQuery | null;
  readonly activeQuery?: PgQuery | null;
}

export interface PgConnection {
  /** The text by the name of a prepared statement. */
  readonly parsedStatements: Readonly<Record<string, unknown>>;
  once(event: 'end', listener: () => void): void;
}

export interface PgNative {
  readonly pq: { resultErrorFields(): { readonly sqlState?: string; readonly messagePrimary?: string } | null };
}

/** A query, or whatever else a client takes that has the methods of one: a cursor, a stream, a COPY. */
export interface PgQuery {
  readonly text?: unknown;
  readonly name?: unknown;
  /** Of a stream that reads from a cursor. */
  readonly cursor?: { readonly text?: unknown };
  callback?: unknown;
  /** Of a query over libpq, once it is sent. */
  readonly native?: PgNative;
  readonly _canceledDueToError?: unknown;
  readonly _result?: { readonly command?: string | null };
  once(event: 'end', listener: () => void): void;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the class of the query
  handleReadyForQuery(...args: any[]): unknown;
}

/** Whether what is asked is a text, or one with options: nothing that has methods of its own. */
export function isPlainQuery(asked: unknown): boolean {
  return typeof asked === 'string' || typeof (asked as { submit?: unknown } | null | undefined)?.submit !== 'function';
}

/** Where a client connects to, as pg itself has resolved it from options, connection string and environment. */
export function targetOf(client: PgClient): DatabaseTarget {
  const { host, port, database } = client;
  return { system: 'postgresql', namespace: database, address: host, port };
}

/** What the client has been asked last and has not begun; none in the queue when it is free. */
export function lastQueued(client: PgClient): PgQuery | undefined {
  // The public names are deprecated where the others are: reading them would print a warning.
  const queue = client._queryQueue ?? client.queryQueue;
  // A place before the first one would be looked for among the names of properties.
  return queue === undefined || queue.length === 0 ? undefined : queue[queue.length - 1];
}

/** The query that the server is answering; none when it has failed already. */
export function activeQuery(client: PgClient): PgQuery | undefined {
  return ('_activeQuery' in client ? client._activeQuery : client.activeQuery) ?? undefined;
}
