import { type Context, context, type Span, type Tracer } from '@opentelemetry/api';
import { targetAttributes } from './db-operation.ts';
import { DatabaseSpans, endDatabaseSpan } from './db-spans.ts';
import { isLeftOut } from './left-out.ts';
import { isErrorReply, redisErrorType } from './redis-error-type.ts';
import type { RedisConnection } from './redis-metrics.ts';
import { redisQueryText } from './redis-query-text.ts';

/** The spans of the commands that one library sends (semantic conventions, "Redis"). */
export class RedisSpans {
  readonly #spans: DatabaseSpans;

  constructor(tracer: () => Tracer) {
    this.#spans = new DatabaseSpans(tracer);
  }

  /**
   * @param parent where it was asked for
   * @param first which of `args` is the first argument
   * @returns undefined where nothing is recorded
   */
  command(
    parent: Context,
    { target }: RedisConnection,
    operation: string,
    args: readonly unknown[],
    first: number,
  ): Span | undefined {
    if (isLeftOut(parent)) return undefined;
    return this.#spans.started(parent, operation, {
      ...targetAttributes(target),
      'db.operation.name': operation,
      'db.query.text': redisQueryText(operation, args, first),
    });
  }

  /** Of commands that are yet to be sent. */
  batch({ target }: RedisConnection): Span | undefined {
    const parent = context.active();
    return isLeftOut(parent) ? undefined : this.#spans.started(parent, 'PIPELINE', targetAttributes(target));
  }
}

/** @param error undefined for a command that succeeded */
export function endRedisSpan(span: Span, error: unknown): void {
  const type = error === undefined ? undefined : redisErrorType(error);
  endDatabaseSpan(span, type, isErrorReply(error) ? type : undefined);
}
