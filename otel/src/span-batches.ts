import { diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace';
import { sendInExit } from './exit-thread.ts';
import type { Sender } from './flush-at-exit.ts';
import { OTLP_EXPORTERS, type OtlpProtocol } from './otlp-exporters.ts';
import type { Config } from './settings.ts';
import { copiesOf } from './span-copies.ts';
import type { SpanCounts } from './span-counts.ts';

/** Sends spans in batches from a queue with a bound; what is lost, there or on the way, is counted, and said once. */
export class SpanBatches extends BatchSpanProcessor implements Sender {
  readonly what = 'spans';
  readonly #protocol: OtlpProtocol;
  readonly #exporter: SpanExporter;
  readonly #counts: SpanCounts;
  readonly #most: number;
  #queued = 0;
  #onTheWay = 0;
  /** Since spans last arrived. */
  #lost = 0;
  /** What leaves the queue while nothing can be sent any more. */
  #left: ReadableSpan[] | undefined;

  constructor(protocol: OtlpProtocol, config: Config, counts: SpanCounts) {
    const most = config.OTEL_BSP_MAX_QUEUE_SIZE;
    const exporter = OTLP_EXPORTERS[protocol].make();
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
    this.#protocol = protocol;
    this.#exporter = exporter;
    this.#counts = counts;
    this.#most = most;
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
    super.onEnd(span);
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
    if (this.#lost > 0) return;
    if (!sendInExit({ what: 'spans', protocol: this.#protocol, copies: copiesOf(spans) }, longest))
      diag.warn(`the last ${spans.length} spans were not taken by ${this.#destination} and are lost`);
  }

  get #destination(): string {
    return `OTLP over ${this.#protocol}`;
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
      this.#counts.exported(spans.length, OTLP_EXPORTERS[this.#protocol].type, failure);
      this.#report(spans.length, failure);
      // The processor would log every failure, with its stack.
      done({ code: ExportResultCode.SUCCESS });
    });
  }

  /** Says when spans begin to be lost on the way, and when they arrive again. */
  #report(spans: number, failure: Error | undefined): void {
    if (failure) {
      if (this.#lost === 0) {
        diag.error(
          `spans cannot be sent by ${this.#destination}: ${failure.message || failure.name}; they are dropped until they can, the service is not affected`,
        );
      }
      this.#lost += spans;
    } else if (this.#lost > 0) {
      diag.info(`spans are sent by ${this.#destination} again; ${this.#lost} were lost`);
      this.#lost = 0;
    }
  }
}
