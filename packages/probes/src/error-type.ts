/** What pg, pg-pool, ioredis and node-redis say in plain errors, which have neither a code nor a class that tells them apart. */
const BY_MESSAGE = new Map([
  ['Query read timeout', 'timeout'],
  ['Command timed out', 'timeout'],
  ['timeout expired', 'timeout'],
  ['timeout exceeded when trying to connect', 'timeout'],
  ['Connection terminated due to connection timeout', 'timeout'],
  ['Connection terminated', 'connection_closed'],
  ['Connection terminated unexpectedly', 'connection_closed'],
  ['Client has encountered a connection error and is not queryable', 'connection_closed'],
  ['Client was closed and is not queryable', 'connection_closed'],
  ['Connection is closed.', 'connection_closed'],
  ["Stream isn't writeable and enableOfflineQueue options is false", 'connection_closed'],
  ['Command aborted due to connection close', 'connection_closed'],
  ['Socket closed unexpectedly', 'connection_closed'],
  ['Disconnects client', 'connection_closed'],
  ['The client is closed', 'connection_closed'],
  ['The command was aborted', 'aborted'],
  ['The queue is full', 'queue_full'],
]);

/**
 * What `error.type` says of an error of a database client: its code (`23505`, `ECONNRESET`), `timeout` or
 * `connection_closed`, or its class.
 */
export function errorType(error: unknown): string {
  const { code, name, message } = (error ?? {}) as { code?: unknown; name?: unknown; message?: unknown };
  if (typeof code === 'string') return code;
  return BY_MESSAGE.get(message as string) ?? (typeof name === 'string' ? name : '_OTHER');
}
