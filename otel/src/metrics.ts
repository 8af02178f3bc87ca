import { context, diag } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { MetricCollectOptions, MetricProducer, MetricReader, ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { CellRegistry, captureNothing, captureSpan } from '@otel-register/cells';
import { pageFormats } from '@otel-register/exposition';
import { type Access, createScrapeHandler } from '@otel-register/listener';
import { createProbes, OwnWork, type Probe, type ProbeContext } from '@otel-register/probes';
import { CLASSIC_NAMES } from './classic-names.ts';
import { ClusterMetrics } from './cluster/cluster-metrics.ts';
import { lateAnswersMetric } from './cluster/group-metrics.ts';
import type { Cluster as Place } from './cluster/meeting-place.ts';
import { derive } from './derived-metrics.ts';
import { letExportsWait } from './exports-wait.ts';
import type { Pushed } from './flush-at-exit.ts';
import { once } from './messages.ts';
import { metricReader } from './metric-reader.ts';
import { CallbackFailure } from './observable-callbacks.ts';
import { whyNotMade } from './otlp-exporters.ts';
import { measurePages, type PageMetrics } from './page-metrics.ts';
import { PROM_CLIENT, PromClientMetrics } from './prom-client/prom-client-metrics.ts';
import { withoutTakenNames } from './prom-client/taken-names.ts';
import type { CountDataPoints } from './push/data-point-counts.ts';
import type { MetricPush } from './push/metric-push.ts';
import { ScrapePorts } from './scrape-ports.ts';
import { sendInExit } from './sent-in-exit.ts';
import type { Config } from './settings.ts';
import { spanDestinations } from './span-destinations.ts';

/** Instrumentation scope of all that the probes measure. */
const SCOPE = 'otel-register';

/** The metrics half of the agent: what the SDK reads, what watches the process, and how scrapes are answered. */
export interface Metrics {
  /** Makes what the SDK reads them by: a new one each time, for one that was shut down is of no more use. */
  readonly newReader: () => MetricReader;
  /** What the probes measure in; for what else the agent counts of itself. */
  readonly cells: CellRegistry;
  readonly probes: Probe[];
  /** Starts answering scrapes and sending metrics, whichever of it is asked for. */
  readonly begin: (serviceName: string, resource: Resource) => void;
  /** What sends them, once it has begun. */
  readonly pushed: () => readonly (Pushed & { shutdown(): Promise<void> })[];
  /** Ends what has begun, but for what sends them; it can begin again. */
  readonly end: () => void;
  /** Where the worker threads of this process bring their numbers. */
  readonly places: () => Place[];
  /** Brings the numbers of this worker thread there. */
  readonly joinAsThread: (places: readonly Place[]) => void;
}

/** Where the numbers of the page are from, and what it says of itself. */
interface Page {
  readonly group: ClusterMetrics;
  readonly metrics: PageMetrics;
}

/** What the probes watch besides, for others, and how they enter contexts. */
export type Watching = Pick<ProbeContext, 'onRequestError' | 'isOwnServer' | 'enter'>;

/** Makes the metrics half; nothing is watched and nothing listens yet. */
export function createMetrics(config: Config, isEnabled: (name: string) => boolean, watching: Watching = {}): Metrics {
  const hasSpans = spanDestinations(config).length > 0;
  const hasPage = config.OTEL_METRICS_EXPORTER.includes('prometheus');
  const isPushed = config.OTEL_METRICS_EXPORTER.some((exporter) => exporter !== 'prometheus');
  // Of errors it is told in which request they happened, also where there are no spans.
  const hasContexts = hasSpans || watching.onRequestError !== undefined;
  const hasExponentialHistograms =
    config.OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION === 'base2_exponential_bucket_histogram';
  const cells = new CellRegistry({
    scope: SCOPE,
    cardinalityLimit: config.OTEL_METRICS_CARDINALITY_LIMIT,
    exponentialHistograms: hasExponentialHistograms,
    // Where no spans are made there is nothing to ask for.
    captureSpan: hasSpans ? captureSpan(config.OTEL_METRICS_EXEMPLAR_FILTER) : captureNothing,
  });
  const repeated = once((name: string) => {
    diag.warn(`${name} is in two registries of prom-client with the same labels: only the first one is told`);
  });
  const promClient = config.OTEL_METRICS_PROM_CLIENT ? new PromClientMetrics(repeated) : undefined;
  let reader: MetricReader;
  const work = new OwnWork();
  const failed = once((message: string) => diag.error(message));
  const strategy = config.OTEL_EXPORTER_PROMETHEUS_TRANSLATION_STRATEGY;
  const taken = once((name: string) => {
    page?.metrics.failed('name_taken');
    diag.warn(`${name} of prom-client is not on the page: another metric has the name`);
  });
  const ports = new ScrapePorts(config);

  /** A metric that fails costs itself. */
  async function collectFrom(
    source: Pick<MetricProducer, 'collect'>,
    options?: MetricCollectOptions,
  ): Promise<ResourceMetrics> {
    const { resourceMetrics, errors } = await source.collect(options);
    for (const error of errors) {
      page?.metrics.failed(error instanceof CallbackFailure ? error.type : 'collection');
      failed(error instanceof CallbackFailure ? error.message : `a metric is left out: ${String(error)}`);
    }
    return resourceMetrics;
  }

  const ofProbes = cells.liveProducer();
  const lateAnswers = lateAnswersMetric(cells);
  /** One after the other: a callback of the application that is under way is not called again. */
  let collecting: Promise<unknown> = Promise.resolve();
  const collectOwn = (timeLimit?: number) => {
    const own = collecting.then(() => collectFrom(reader, timeLimit === undefined ? {} : { timeoutMillis: timeLimit }));
    collecting = own.catch(() => {});
    return own;
  };
  const collectOften = async () => [
    ...(await collectFrom(ofProbes)).scopeMetrics,
    ...(promClient ? [await promClient.recordedInSlices()] : []),
  ];
  const recorded = () => [cells.recorded(), ...(promClient ? [promClient.recorded()] : [])];
  const groupAt = (address: string, byProcess: boolean) =>
    new ClusterMetrics({
      cells,
      late: () => lateAnswers.bind({}),
      scope: SCOPE,
      address,
      collect: collectOwn,
      collectOften,
      recorded,
      byProcess,
      onError: (error) => failed(`numbers of the cluster may be missing: ${String(error)}`),
    });
  const page: Page | undefined = hasPage
    ? {
        metrics: measurePages(cells),
        group: groupAt(
          `${config.OTEL_EXPORTER_PROMETHEUS_HOST}:${config.OTEL_EXPORTER_PROMETHEUS_PORT}`,
          config.OTEL_METRICS_CLUSTER_BY_PROCESS,
        ),
      }
    : undefined;
  // Each process of a cluster sends its own numbers, with those of its threads.
  const ofPush = isPushed ? groupAt('push', false) : undefined;
  const groups = [page?.group, ofPush].filter((group) => group !== undefined);
  let push: MetricPush | undefined;
  let count: CountDataPoints | undefined;

  function beginPush(group: ClusterMetrics, resource: Resource): void {
    push = undefined;
    group.beginWithThreads();
    const collect = async () => {
      try {
        return (await group.collect(config.OTEL_METRIC_EXPORT_TIMEOUT)).scopeMetrics;
      } catch (error) {
        failed(`metrics could not be collected to be sent: ${String(error)}`);
        return [];
      }
    };
    try {
      const { MetricPush, countDataPoints } = loadPush();
      letExportsWait();
      count ??= countDataPoints(cells);
      push = new MetricPush({
        ...{ config, resource, count, collect, sendInExit },
        recorded: () => (group.isAlone ? recorded() : undefined),
        beginWork: () => work.begin(),
      });
    } catch (error) {
      diag.error(`metrics are not sent, the service runs on: ${whyNotMade(error)}`);
    }
  }

  async function collectForPage({ group, metrics }: Page, timeLimit: number): Promise<ResourceMetrics> {
    // The other half is for the page.
    const resourceMetrics = await group.collect(timeLimit / 2);
    metrics.collected(resourceMetrics);
    if (config.OTEL_METRICS_CLASSIC_NAMES) await addClassicNames(resourceMetrics);
    return promClient ? withoutTakenNames(resourceMetrics, strategy, taken) : resourceMetrics;
  }

  const createHandler = (page: Page, access: Access) =>
    createScrapeHandler({
      access,
      collect: (timeLimit) => collectForPage(page, timeLimit),
      formats: pageFormats((message) => diag.warn(message), {
        showCreated: config.OTEL_EXPORTER_PROMETHEUS_CREATED,
        scopeLabels: config.OTEL_EXPORTER_PROMETHEUS_SCOPE_LABELS,
        strategy,
        prometheusScopes: promClient ? [PROM_CLIENT] : [],
      }),
      onError: (error) => {
        page.metrics.failed('page');
        failed(`a scrape failed: ${error instanceof Error ? error.stack : String(error)}`);
      },
      observer: {
        ...page.metrics,
        beginWork: () => work.begin(),
      },
    });

  return {
    newReader: () => {
      reader = metricReader([cells.liveProducer(), ...(promClient ? [promClient] : [])], hasExponentialHistograms);
      return reader;
    },
    cells,
    probes: [
      ...createProbes(
        {
          cells,
          ignores: ports.ignores,
          // Exporters do their work where tracing is suppressed.
          isOwn: hasContexts || isPushed ? () => isTracingSuppressed(context.active()) : () => false,
          cacheNames: config.OTEL_CACHE_NAME_PATTERNS,
          work,
          spans: hasContexts,
          ...watching,
        },
        isEnabled,
      ),
      ...(promClient ? [promClient.probe] : []),
    ],
    begin: (serviceName, resource) => {
      if (page) ports.listen(serviceName, (access) => createHandler(page, access), page.group);
      if (ofPush) beginPush(ofPush, resource);
    },
    pushed: () => (push ? [push] : []),
    end: () => {
      ports.close();
      for (const group of groups) group.end();
    },
    places: () => groups.map(({ place }) => place),
    // The same variables have made the same groups there.
    joinAsThread: (places) => {
      for (const [index, place] of places.entries()) groups[index]?.beginAsThread(place);
    },
  };
}

/** Evaluated where it is needed: OTLP is more code than all else that a page needs. */
function loadPush(): typeof import('./push/metric-push.ts') {
  return require('./push/metric-push.ts');
}

/** On the page only: who pushes metrics to a collector has no dashboards of that time. */
async function addClassicNames({ scopeMetrics }: ResourceMetrics): Promise<void> {
  for (const { scope, metrics } of scopeMetrics) {
    if (scope.name === SCOPE) metrics.push(...(await derive(CLASSIC_NAMES, metrics)));
  }
}
