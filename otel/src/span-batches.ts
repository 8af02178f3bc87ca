import { diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import type { Pushed } from './flush-at-exit.ts';
import { reportedOnce } from './losses.ts';
import { componentTypeOf, createExporter, keptFor, nameOf, type SpanTarget } from './otlp-exporters.ts';
import type { SendInExit } from './sent-in-exit.ts';
import type { Config } from './settings.ts';
import { copiesOf } from './span-copies.ts';
import type { SpanCounts } from './span-counts.ts';

export interface SpanExportOptions {
  readonly config: Config;
  readonly counts: SpanCounts;
  readonly sendInExit: SendInExit;
}

/** Sends spans in batches from a queue with a bound; what is lost, there or on the way, is counted, and said once. */
export class SpanBatches extends BatchSpanProcessor implements Pushed {
  readonly what = 'spans';
  readonly #target: SpanTarget;
  readonly #exporter: SpanExporter;
  readonly #kept: (span: ReadableSpan) => ReadableSpan;
  readonly #counts: SpanCounts;
  readonly #most: number;
  readonly #sendInExit: SendInExit;
  #queued = 0;
  #onTheWay = 0;
  readonly #reported: ReturnType<typeof reportedOnce>;
  /** Whether the last that were sent did not arrive. */
  #areLost = false;
  /** What leaves the queue while nothing can be sent any more. */
  #left: ReadableSpan[] | undefined;

  constructor(target: SpanTarget, { config, counts, sendInExit }: SpanExportOptions) {
    const most = config.OTEL_BSP_MAX_QUEUE_SIZE;
    const exporter = createExporter(target);
    super({
      exporter: {
        export: (spans, done) => this.#export(spans, done),
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: most,
      maxExportBatchSize: Math.min(config.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, most),
      scheduledDelayMillis: config.OTEL_BSP_SCHEDULE_DELAY,
      exportTimeoutMillis: config.OTEL_BSP_EXPORT_TIMEOUT,
    });
    this.#target = target;
    this.#kept = keptFor(target);
    this.#reported = reportedOnce(this.what, `sent by ${nameOf(target)}`);
    this.#exporter = exporter;
    this.#counts = counts;
    this.#most = most;
    this.#sendInExit = sendInExit;
  }

  /** Whether there are spans that have not arrived. */
  get isWaiting(): boolean {
    return this.#queued + this.#onTheWay > 0;
  }

  /** Here and not in the processor, which does not tell how many it drops. */
  override onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & 1) === 0) return;
    if (this.#queued >= this.#most) {
      this.#counts.processed(1, 'queue_full');
      return;
    }
    this.#queued++;
    super.onEnd(this.#kept(span));
  }

  /** Sends all, and settles when what was on its way has arrived or failed as well. */
  override async forceFlush(): Promise<void> {
    await super.forceFlush();
    await this.#exporter.forceFlush?.();
  }

  /**
   * Sends what is left while the process exits, unless it is known that nobody takes it.
   *
   * @param longest in milliseconds
   */
  sendBeforeExit(longest: number): void {
    if (this.#queued === 0) return;
    this.#left = [];
    // It empties the queue at once.
    void super.forceFlush();
    const spans = this.#left;
    if (this.#areLost) return;
    if (!this.#sendInExit({ what: 'spans', target: this.#target, copies: copiesOf(spans) }, longest))
      diag.warn(`the last ${spans.length} spans were not taken by ${nameOf(this.#target)} and are lost`);
  }

  #export(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.#queued -= spans.length;
    this.#counts.processed(spans.length);
    if (this.#left) {
      this.#left.push(...spans);
      return;
    }
    this.#onTheWay += spans.length;
    this.#exporter.export(spans, ({ error, code }) => {
      this.#onTheWay -= spans.length;
      const failure = code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('unknown reason'));
      this.#counts.exported(spans.length, componentTypeOf(this.#target), failure);
      this.#areLost = failure !== undefined;
      this.#reported(spans.length, failure);
      // The processor would log every failure, with its stack.
      done({ code: ExportResultCode.SUCCESS });
    });
  }
}
