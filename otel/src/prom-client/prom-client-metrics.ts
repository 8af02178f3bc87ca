import type { Attributes } from '@opentelemetry/api';
import { emptyResource } from '@opentelemetry/resources';
import type { CollectionResult, MetricData, MetricProducer, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { inSlices } from '@otel-register/listener';
import { type PromClientMetric, PromClientProbe, type PromClientSource } from '@otel-register/probes';
import { keyOf } from '../cluster/series-key.ts';
import { CallbackFailure, guardedBy } from '../observable-callbacks.ts';
import { metricDataOf } from './metric-data.ts';
import { MetricSeries } from './series.ts';

/** The instrumentation scope of the metrics of prom-client. */
export const PROM_CLIENT = 'prom-client';

/** Series that are read before somebody else may have a turn. */
const SERIES_AT_ONCE = 100;

interface Known {
  readonly series: MetricSeries;
  /** Lets the application bring the metric up to date. @throws CallbackFailure */
  readonly update: (source: PromClientSource) => void | Promise<void>;
}

/**
 * What the application counts with prom-client, as metrics for OpenTelemetry's readers. It is read where prom-client keeps it and
 * not from what prom-client makes of it, which takes a turn of the event loop of its own for each metric, however large.
 */
export class PromClientMetrics implements MetricProducer {
  readonly probe = new PromClientProbe();
  readonly #known = new WeakMap<PromClientMetric, Known>();
  readonly #onRepeated: (name: string) => void;

  /** @param onRepeated told of metrics in two registries with the same name and labels: the series of the first one stay */
  constructor(onRepeated: (name: string) => void) {
    this.#onRepeated = onRepeated;
  }

  /** With what the application's `collect` callbacks bring; one that fails costs its own metric and is among the errors. */
  async collect(): Promise<CollectionResult> {
    const errors: unknown[] = [];
    const updated: Promise<PromClientSource | undefined>[] = [];
    for await (const source of inSlices(this.probe.sources())) updated.push(this.#updated(source, errors));
    const sources = (await Promise.all(updated)).filter((source) => source !== undefined);
    const scopeMetrics = [await this.#read(sources, errors)];
    return { resourceMetrics: { resource: emptyResource(), scopeMetrics }, errors };
  }

  /** What is counted, without asking the application. */
  recordedInSlices(): Promise<ScopeMetrics> {
    return this.#read(this.probe.sources(), []);
  }

  /** The same at once. */
  recorded(): ScopeMetrics {
    const metrics: MetricData[] = [];
    for (const _ of this.#reading(this.probe.sources(), metrics, []));
    return { scope: { name: PROM_CLIENT }, metrics };
  }

  async #updated(source: PromClientSource, errors: unknown[]): Promise<PromClientSource | undefined> {
    try {
      await this.#of(source).update(source);
      return source;
    } catch (error) {
      errors.push(named(error, source));
      return undefined;
    }
  }

  async #read(sources: readonly PromClientSource[], errors: unknown[]): Promise<ScopeMetrics> {
    const metrics: MetricData[] = [];
    for await (const _ of inSlices(this.#reading(sources, metrics, errors)));
    return { scope: { name: PROM_CLIENT }, metrics };
  }

  *#reading(
    sources: readonly PromClientSource[],
    metrics: MetricData[],
    errors: unknown[],
  ): Generator<void, void, void> {
    const isRepeated = this.#repetitions(sources);
    for (const source of sources) {
      const points: unknown[] = [];
      try {
        for (const point of this.#of(source).series.points(source.registry._defaultLabels)) {
          if (isRepeated(source.metric, point.attributes)) continue;
          points.push(point);
          if (points.length % SERIES_AT_ONCE === 0) yield;
        }
        if (points.length > 0) metrics.push(metricDataOf(source, points));
      } catch (error) {
        errors.push(named(error, source));
      }
    }
  }

  /** Finds the series that have the name and the labels of an earlier one. Most names are there once, and cost nothing. */
  #repetitions(sources: readonly PromClientSource[]): (metric: PromClientMetric, attributes: Attributes) => boolean {
    const names = new Set<string>();
    const seen = new Map<string, Set<string>>();
    for (const { metric } of sources) {
      if (names.has(metric.name)) seen.set(metric.name, new Set());
      names.add(metric.name);
    }
    return ({ name }, attributes) => {
      const keys = seen.get(name);
      if (keys === undefined) return false;
      const key = keyOf(attributes);
      const isRepeated = keys.has(key);
      if (isRepeated) this.#onRepeated(name);
      keys.add(key);
      return isRepeated;
    };
  }

  #of(source: PromClientSource): Known {
    const { metric } = source;
    let known = this.#known.get(metric);
    if (!known) {
      const update = guardedBy(updating, `${metric.name} of prom-client`);
      known = { series: new MetricSeries(source), update };
      this.#known.set(metric, known);
    }
    return known;
  }
}

/** One that says whose it is. */
function named(error: unknown, { metric }: PromClientSource): unknown {
  return error instanceof CallbackFailure ? error : new Error(`${metric.name} of prom-client: ${String(error)}`);
}

/** A `get` of the application's own may do anything. */
function updating({ metric, get }: PromClientSource): void | Promise<void> {
  return metric.get === get ? metric.collect?.() : metric.get();
}
