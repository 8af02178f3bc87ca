import { errorType } from './error-type.ts';

/** The classes of error replies in ioredis, node-redis 4, and node-redis 5 and 6. */
const REPLIES = new Set(['ReplyError', 'ErrorReply', 'SimpleError', 'BlobError']);

/** Whether the server has said it, and not the library. */
export function isErrorReply(error: unknown): boolean {
  // node-redis names its errors by their classes alone.
  return error instanceof Error && REPLIES.has(error.constructor.name);
}

/** What `error.type` says of a failed command: the prefix of an error reply (`WRONGTYPE`), or what {@link errorType} says. */
export function redisErrorType(error: unknown): string {
  if (!(error instanceof Error)) return errorType(error);
  if (isErrorReply(error)) return /^[A-Z]+\b/.exec(error.message)?.[0] ?? 'ERR';
  return error.constructor.name.includes('Timeout') ? 'timeout' : errorType(error);
}
