import type { ContextManager } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { PROBES_WITH_SPANS, type Probe } from '@otel-register/probes';
import { createContexts } from './contexts.ts';
import { ErrorReports, SentryServers } from './error-reports.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { Config } from './settings.ts';
import { countSpans, type SpanCounts } from './span-counts.ts';
import { spanDestinations } from './span-destinations.ts';
import { createSpanProbes } from './span-probes.ts';
import type * as Traces from './traces.ts';

/**
 * What is made once in a process and used by each start. Probes know the packages that the service has loaded, and nobody tells them again;
 * what they have counted goes on.
 */
export interface Parts {
  readonly config: Config;
  readonly resource: Resource;
  readonly hasTraces: boolean;
  /** One for all starts: Node.js 20 leaves a mark of each on what is under way. */
  readonly contextManager: ContextManager;
  readonly metrics: Metrics | undefined;
  readonly probes: readonly Probe[];
  /** Switches upstream's instrumentations on, if there are any; returns what switches them off. */
  readonly enableSpanInstrumentations: () => () => void;
  readonly spanCounts: SpanCounts;
  /** Undefined where errors are not reported. */
  readonly reports: ErrorReports | undefined;
  readonly servers: SentryServers;
}

/** @param isSwitchedOn what the standard variables say of the name of an instrumentation */
export function partsOf(config: Config, serviceName: string, isSwitchedOn: (name: string) => boolean): Parts {
  const hasMetrics = !config.OTEL_METRICS_EXPORTER.includes('none');
  const hasTraces = spanDestinations(config).length > 0;
  const attributes = { ...config.OTEL_RESOURCE_ATTRIBUTES, 'service.name': serviceName };
  const reports = config.SENTRY_DSN === '' ? undefined : new ErrorReports(config, attributes);
  const servers = new SentryServers();
  // Before any probe: the first instrumentation hooks `require`, and a module that is loaded between that and the
  // instrumentation that waits for it, as loading these loads http, would never be shown to it.
  const enableSpanInstrumentations = hasTraces ? spanInstrumentations(config, isSwitchedOn) : () => () => {};
  const contexts = hasTraces || reports ? createContexts() : undefined;
  const watching = { onRequestError: reports?.onRequestError, isOwnServer: servers.has, enter: contexts?.enter };
  const metrics = hasMetrics ? createMetrics(config, isSwitchedOn, watching) : undefined;
  const probes = metrics?.probes ?? (hasTraces || reports ? createSpanProbes(isSwitchedOn, watching) : []);
  if (metrics) reports?.countIn(metrics.cells);
  return {
    ...{ config, hasTraces, metrics, probes, enableSpanInstrumentations, reports, servers },
    resource: defaultResource().merge(resourceFromAttributes(attributes)),
    contextManager: contexts?.manager ?? new AsyncLocalStorageContextManager(),
    spanCounts: countSpans(hasTraces ? metrics?.cells : undefined),
  };
}

function spanInstrumentations(config: Config, isSwitchedOn: (name: string) => boolean): () => () => void {
  // Evaluated here and not at start: forty libraries that a process without spans does not need.
  const traces: typeof Traces = require('./traces.ts');
  const instrumentations = traces.createSpanInstrumentations(
    isSwitchedOn,
    config.OTEL_NODE_ENABLED_INSTRUMENTATIONS,
    config.OTEL_NODE_LOG_CORRELATION,
    PROBES_WITH_SPANS,
  );
  return () => traces.enableSpanInstrumentations(instrumentations);
}
