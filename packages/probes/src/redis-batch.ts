import type { Span } from '@opentelemetry/api';
import type { RedisConnection } from './redis-metrics.ts';
import { redisQueryText } from './redis-query-text.ts';
import { endRedisSpan, type RedisSpans } from './redis-spans.ts';

/** The texts of so many commands are told. */
const MOST_TEXTS = 20;

/**
 * The commands that are sent together, as a pipeline or as a transaction: they have one span, from the first that is sent until
 * the last is answered (semantic conventions, "Redis": `db.operation.batch.size`).
 */
export class RedisBatch {
  /** Undefined where nothing is recorded, and before the first command is sent. */
  span: Span | undefined = undefined;
  readonly #spans: RedisSpans;
  #expected = 0;
  #sent = 0;
  #settled = 0;
  #isTransaction = false;
  #size = 0;
  /** What all commands are; empty when they differ. */
  #operation: string | undefined = undefined;
  readonly #texts: string[] = [];
  #failure: unknown;

  constructor(spans: RedisSpans) {
    this.#spans = spans;
  }

  /** A command belongs to it, and will be {@link sent}. */
  expect(): void {
    this.#expected++;
  }

  /** @param first which of `args` is the first argument */
  sent(connection: RedisConnection, operation: string, args: readonly unknown[], first: number): void {
    if (this.#sent++ === 0) this.span = this.#spans.batch(connection);
    if (this.span === undefined) return;
    if (operation === 'MULTI' || operation === 'EXEC') this.#isTransaction = true;
    else {
      this.#size++;
      this.#operation = this.#operation === undefined || this.#operation === operation ? operation : '';
      if (this.#size <= MOST_TEXTS) this.#texts.push(redisQueryText(operation, args, first));
    }
  }

  /** A command is answered; the real replies of a transaction are those to EXEC. */
  replied(operation: string, reply: unknown): void {
    const failed =
      operation === 'EXEC' && Array.isArray(reply) ? reply.find((each) => each instanceof Error) : undefined;
    this.failed(failed);
  }

  /** @param error the first one counts; undefined for none */
  failed(error: unknown): void {
    this.#failure ??= error;
    if (++this.#settled === this.#expected && this.span) this.#end(this.span);
  }

  #end(span: Span): void {
    const kind = this.#isTransaction ? 'MULTI' : 'PIPELINE';
    const name = this.#operation ? `${kind} ${this.#operation}` : kind;
    const more = this.#size > MOST_TEXTS ? [`[${this.#size - MOST_TEXTS} other commands]`] : [];
    span.updateName(name).setAttributes({
      'db.operation.name': name,
      'db.operation.batch.size': this.#size === 1 ? undefined : this.#size,
      'db.query.text': [...this.#texts, ...more].join('; ') || undefined,
    });
    endRedisSpan(span, this.#failure);
  }
}
