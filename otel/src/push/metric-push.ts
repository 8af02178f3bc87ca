import { diag } from '@opentelemetry/api';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import {
  ConsoleMetricExporter,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
  type ResourceMetrics,
  type ScopeMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Pushed } from '../flush-at-exit.ts';
import type { SendInExit } from '../sent-in-exit.ts';
import type { Config } from '../settings.ts';
import type { CountDataPoints } from './data-point-counts.ts';
import { METRIC_EXPORTERS } from './exporters.ts';
import { instanceId } from './instance.ts';
import { OtlpExport } from './otlp-export.ts';
import { Temporality } from './temporality.ts';

export { countDataPoints } from './data-point-counts.ts';

/** Points in a request: a few milliseconds of work, and far from the four megabytes that receivers of gRPC take at most. */
const REQUEST = 500;

export interface MetricPushOptions {
  readonly config: Config;
  readonly resource: Resource;
  /** Told of what was sent. */
  readonly count: CountDataPoints;
  /** All metrics, cumulative. Never rejects. */
  readonly collect: () => Promise<readonly ScopeMetrics[]>;
  /** Those of them that can be read at once, where they are whole without others. */
  readonly recorded: () => readonly ScopeMetrics[] | undefined;
  readonly sendInExit: SendInExit;
  /** Called when the event loop is kept; what it returns is called when that is over. */
  readonly beginWork: () => () => void;
}

/**
 * Sends the metrics of this process to where OTEL_METRICS_EXPORTER says, beside the page or instead of it. The exporters read the
 * standard OTEL_EXPORTER_OTLP_… themselves. This file is loaded only when metrics are to be sent.
 */
export class MetricPush implements Pushed {
  readonly what = 'metrics';
  readonly #options: MetricPushOptions;
  readonly #resource: Resource;
  readonly #otlp: OtlpExport | undefined;
  readonly #readers: readonly PeriodicExportingMetricReader[];
  #isWaiting = true;

  /** Begins at once. */
  constructor(options: MetricPushOptions) {
    this.#options = options;
    const given = options.config.OTEL_RESOURCE_ATTRIBUTES['service.instance.id'];
    this.#resource = options.resource.merge(resourceFromAttributes({ 'service.instance.id': instanceId(given) }));
    const names = options.config.OTEL_METRICS_EXPORTER;
    this.#otlp = names.includes('otlp') ? this.#otlpExport() : undefined;
    this.#readers = [
      ...(this.#otlp ? [this.#reader(this.#otlp, this.#otlp.temporality)] : []),
      ...(names.includes('console') ? [this.#reader(new ConsoleMetricExporter(), new Temporality('cumulative'))] : []),
    ];
  }

  /** Until all was sent with nothing to come. */
  get isWaiting(): boolean {
    return this.#isWaiting;
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.forceFlush()));
    this.#isWaiting = false;
  }

  /** Sends the last, and nothing more. */
  async shutdown(): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.shutdown()));
    this.#isWaiting = false;
  }

  /** What is observed, by the probes or by the application, cannot be asked for any more. */
  sendBeforeExit(longest: number): void {
    const otlp = this.#otlp;
    const recorded = this.#isWaiting && otlp && !otlp.isDown ? this.#options.recorded() : undefined;
    if (!otlp || !recorded) return;
    const { attributes, schemaUrl } = this.#resource;
    const metrics = { resource: { attributes, schemaUrl }, scopeMetrics: otlp.temporality.now(recorded) };
    if (!this.#options.sendInExit({ what: 'metrics', protocol: this.#protocol, metrics }, longest))
      diag.warn(`the last metrics were not taken by ${otlp.destination} and are lost`);
  }

  get #protocol() {
    const { config } = this.#options;
    return config.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  }

  #otlpExport(): OtlpExport {
    const { config, count, beginWork } = this.#options;
    const { make, type } = METRIC_EXPORTERS[this.#protocol];
    const interval = config.OTEL_METRIC_EXPORT_INTERVAL;
    const destination = `OTLP over ${this.#protocol}`;
    const otlp = new OtlpExport({
      exporter: make(),
      destination,
      temporality: new Temporality(config.OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE),
      timeout: Math.min(config.OTEL_METRIC_EXPORT_TIMEOUT, interval),
      interval,
      onExported: (points, failure) => count(points, type, failure),
      beginWork,
    });
    diag.info(`metrics are sent by ${destination} every ${interval / 1000} s`);
    return otlp;
  }

  /** It is none of the SDK's readers: those give what the SDK knows, and this gives what a page would have. */
  #reader(exporter: PushMetricExporter, temporality: Temporality): PeriodicExportingMetricReader {
    const interval = this.#options.config.OTEL_METRIC_EXPORT_INTERVAL;
    const reader = new PeriodicExportingMetricReader({
      exporter,
      exportIntervalMillis: interval,
      exportTimeoutMillis: interval,
      maxExportBatchSize: REQUEST,
    });
    const collect = async (): Promise<ResourceMetrics> => {
      this.#isWaiting = true;
      const scopeMetrics = await temporality.of(await this.#options.collect());
      if (exporter instanceof OtlpExport) exporter.begin(scopeMetrics);
      return { resource: this.#resource, scopeMetrics };
    };
    reader.setMetricProducer({ collect: async () => ({ resourceMetrics: await collect(), errors: [] }) });
    return reader;
  }
}
