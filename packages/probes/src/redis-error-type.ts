import { errorType } from './error-type.ts';

/** The classes of error replies in ioredis, node-redis 4, and node-redis 5 and 6. */
const REPLIES = new Set(['ReplyError', 'ErrorReply', 'SimpleError', 'BlobError']);

/** What `error.type` says of a failed command: the prefix of an error reply (`WRONGTYPE`), or what {@link errorType} says. */
export function redisErrorType(error: unknown): string {
  if (!(error instanceof Error)) return errorType(error);
  // node-redis names its errors by their classes alone.
  const { name } = error.constructor;
  if (REPLIES.has(name)) return /^[A-Z]+\b/.exec(error.message)?.[0] ?? 'ERR';
  return name.includes('Timeout') ? 'timeout' : errorType(error);
}
