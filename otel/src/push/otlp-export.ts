import { diag } from '@opentelemetry/api';
import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { PushMetricExporter, ResourceMetrics, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import type { Temporality } from './temporality.ts';

export interface OtlpExportOptions {
  readonly exporter: PushMetricExporter;
  /** What a person knows it as. */
  readonly destination: string;
  readonly temporality: Temporality;
  /** Milliseconds within which a request must be answered. */
  readonly timeout: number;
  /** Milliseconds until it is tried again. */
  readonly interval: number;
  /** Told of what became of so many points. */
  readonly onExported: (points: number, failure: Error | undefined) => void;
  /** Called when the event loop is kept; what it returns is called when that is over. */
  readonly beginWork: () => () => void;
}

/**
 * Sends what was collected, in one or several requests, and says once when it cannot be sent, and when it can again. Nothing waits
 * for later: what is not taken is dropped, and the next collection has it.
 */
export class OtlpExport implements PushMetricExporter {
  readonly #options: OtlpExportOptions;
  /** Points of the collection that is being sent whose outcome is not known. */
  #left = 0;
  #failure: Error | undefined;
  #isDown = false;
  #isUnderWay = false;

  constructor(options: OtlpExportOptions) {
    this.#options = options;
  }

  get destination(): string {
    return this.#options.destination;
  }

  get temporality(): Temporality {
    return this.#options.temporality;
  }

  /** Whether what was sent last was not taken. */
  get isDown(): boolean {
    return this.#isDown;
  }

  /** What is sent next belongs together. */
  begin(scopeMetrics: readonly ScopeMetrics[]): void {
    this.#left = pointsIn(scopeMetrics);
    this.#failure = undefined;
  }

  export(metrics: ResourceMetrics, done: (result: ExportResult) => void): void {
    const points = pointsIn(metrics.scopeMetrics);
    const end = (failure: Error | undefined) => {
      this.#options.onExported(points, failure);
      this.#ended(points, failure);
      // The reader would log every failure, with its stack.
      done({ code: ExportResultCode.SUCCESS });
    };
    // Who does not answer will not answer the next request either, and each would wait as long. And what may arrive yet must not be
    // in another one that arrives before.
    if (this.#failure && !isRefusal(this.#failure)) end(this.#failure);
    else if (this.#isUnderWay) end(new NoAnswer('an earlier request is not answered yet'));
    else this.#send(metrics, end);
  }

  async forceFlush(): Promise<void> {
    await this.#options.exporter.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#options.exporter.shutdown();
  }

  #send(metrics: ResourceMetrics, end: (failure: Error | undefined) => void): void {
    const { exporter, temporality, timeout, beginWork } = this.#options;
    const endWork = beginWork();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      end(new NoAnswer(`no answer within ${timeout} ms`));
    }, timeout);
    this.#isUnderWay = true;
    const answered = ({ code, error }: ExportResult) => {
      clearTimeout(timer);
      this.#isUnderWay = false;
      const failure = code === ExportResultCode.SUCCESS ? undefined : (error ?? new Error('unknown reason'));
      if (!failure) temporality.taken(metrics.scopeMetrics);
      if (!isLate) end(failure);
    };
    try {
      exporter.export(metrics, answered);
    } catch (error) {
      answered({ code: ExportResultCode.FAILED, error: error as Error });
    }
    endWork();
  }

  #ended(points: number, failure: Error | undefined): void {
    const { destination, interval } = this.#options;
    this.#failure ??= failure;
    this.#left -= points;
    if (failure && !this.#isDown) {
      this.#isDown = true;
      diag.error(
        `metrics cannot be sent by ${destination}: ${failure.message || failure.name}; it is tried again every ${interval / 1000} s, the service is not affected`,
      );
    }
    if (this.#left > 0 || this.#failure || !this.#isDown) return;
    this.#isDown = false;
    diag.info(`metrics are sent by ${destination} again`);
  }
}

class NoAnswer extends Error {
  override name = 'timeout';
}

/** Whether it was answered by a status that speaks of this request alone, such as 400. */
function isRefusal(failure: Error & { code?: unknown }): boolean {
  return typeof failure.code === 'number' && failure.code >= 400 && failure.code < 500;
}

function pointsIn(scopeMetrics: readonly ScopeMetrics[]): number {
  return scopeMetrics.flatMap(({ metrics }) => metrics).reduce((sum, { dataPoints }) => sum + dataPoints.length, 0);
}
