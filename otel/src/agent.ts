import { isMainThread } from 'node:worker_threads';
import { metrics as applicationMetrics, diag } from '@opentelemetry/api';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { PROBES_WITH_SPANS } from '@otel-register/probes';
import { createContexts } from './contexts.ts';
import { hasSpanLimits, readConfig } from './environment.ts';
import { ErrorReports, SentryServers } from './error-reports.ts';
import { flushAtExit, type Pushed } from './flush-at-exit.ts';
import { isEnabled } from './instrumentation-names.ts';
import { lightenSpans } from './light-spans.ts';
import { useMessagesForDiagnostics, withoutItsLogger } from './messages.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { guardCallbacks } from './observable-callbacks.ts';
import { linkOwnSentry } from './own-sentry.ts';
import { createPropagator } from './propagators.ts';
import { createSampler } from './sampler.ts';
import { serviceNameOf, serviceScript } from './service-name.ts';
import type { Config } from './settings.ts';
import { SpanBatches } from './span-batches.ts';
import { countSpans } from './span-counts.ts';
import { spanDestinations } from './span-destinations.ts';
import { createSpanProcessors } from './span-export.ts';
import { createSpanProbes } from './span-probes.ts';
import { type HandedOver, handOver } from './worker-threads.ts';

export { sendLast } from './sent-in-exit.ts';

/**
 * Starts the agent from the environment: settings, the SDK with its reader and instrumentations, the listener. What is off
 * is said on stderr; called once in a process.
 */
export function start(): void {
  const warnings: string[] = [];
  const config = readConfig(process.env, (message) => warnings.push(message));
  if (config.OTEL_SDK_DISABLED) return;
  const serviceName = serviceNameOf(config, serviceScript(process.argv[1], process.env));
  const { metrics, pushed, resource } = run(process.env, config, serviceName, warnings, (name) =>
    isEnabled(config, name),
  );
  metrics?.begin(serviceName, resource);
  // A scrape has no last one to wait for.
  flushAtExit([...pushed, ...(metrics?.pushed() ?? [])]);
  if (config.OTEL_NODE_WORKER_THREADS) handOver({ env: process.env, serviceName, places: metrics?.places() ?? [] });
}

/** Starts it in a worker thread of a process in which it runs: what is measured there is on the page of the process. */
export function startInThread({ env, serviceName, places }: HandedOver): void {
  const config = readConfig(env, () => {});
  const isSwitchedOn = (name: string) => name !== 'process' && isEnabled(config, name);
  const { metrics, pushed } = run(env, config, serviceName, [], isSwitchedOn);
  flushAtExit(pushed);
  metrics?.joinAsThread(places);
}

/** What runs. */
interface Run {
  readonly metrics: Metrics | undefined;
  /** What spans and errors are pushed by. */
  readonly pushed: readonly Pushed[];
  readonly resource: Resource;
}

/** @param warnings to be said as soon as there is a way to */
function run(
  env: NodeJS.ProcessEnv,
  config: Config,
  serviceName: string,
  warnings: readonly string[],
  isSwitchedOn: (name: string) => boolean,
): Run {
  const hasMetrics = !config.OTEL_METRICS_EXPORTER.includes('none');
  const hasTraces = spanDestinations(config).length > 0;
  const attributes = { ...config.OTEL_RESOURCE_ATTRIBUTES, 'service.name': serviceName };
  const resource = defaultResource().merge(resourceFromAttributes(attributes));
  const reports = config.SENTRY_DSN === '' ? undefined : new ErrorReports(config, attributes);
  const servers = new SentryServers();
  if (hasTraces || reports) linkOwnSentry(hasTraces, reports, servers);
  // Before any probe: the first instrumentation hooks `require`, and a module that is loaded between that and the
  // instrumentation that waits for it, as loading these loads http, would never be shown to it.
  const spans = hasTraces ? loadTraces() : undefined;
  const spanInstrumentations = spans?.createSpanInstrumentations(
    isSwitchedOn,
    config.OTEL_NODE_ENABLED_INSTRUMENTATIONS,
    config.OTEL_NODE_LOG_CORRELATION,
    PROBES_WITH_SPANS,
  );
  const contexts = hasTraces || reports ? createContexts() : undefined;
  const watching = { onRequestError: reports?.onRequestError, isOwnServer: servers.has, enter: contexts?.enter };
  const metrics = hasMetrics ? createMetrics(config, isSwitchedOn, watching) : undefined;
  const probes = metrics?.probes ?? (hasTraces || reports ? createSpanProbes(isSwitchedOn, watching) : []);
  if (metrics) reports?.countIn(metrics.cells);
  useMessagesForDiagnostics(config.OTEL_LOG_LEVEL);
  for (const warning of warnings) diag.warn(warning);
  // They read variables themselves, and say what is wrong with them.
  const spanProcessors = hasTraces ? createSpanProcessors(config, countSpans(metrics?.cells)) : [];
  const sampler = createSampler(config);
  const sdk = withoutItsLogger(
    () =>
      new NodeSDK({
        resource,
        autoDetectResources: false,
        metricReaders: metrics ? [metrics.reader] : [],
        instrumentations: probes,
        logRecordProcessors: [],
        sampler,
        ...(contexts && { contextManager: contexts.manager }),
        textMapPropagator: createPropagator(config, reports?.traceInfo),
        spanProcessors,
      }),
  );
  sdk.start();
  if (spanProcessors.length > 0 && !hasSpanLimits(env)) lightenSpans(probes, config, sampler, resource, spanProcessors);
  if (metrics) guardCallbacks(applicationMetrics.getMeterProvider());
  if (spanInstrumentations) spans?.enableSpanInstrumentations(spanInstrumentations);
  // Errors of a worker thread that nobody handles there are those of who started it.
  if (isMainThread) reports?.watchProcess();
  const pushed = [...spanProcessors.filter((each) => each instanceof SpanBatches), ...(reports ? [reports.link] : [])];
  return { metrics, pushed, resource };
}

/** Evaluated here and not at start: forty libraries that a process without spans does not need. */
function loadTraces(): typeof import('./traces.ts') {
  return require('./traces.ts');
}

/**
 * Runs the command line of `node otel/register`: `--help`, `--doctor`, `--print-config`.
 *
 * @returns the exit code
 */
export function runCommand(args: readonly string[]): Promise<number> {
  const commandLine: typeof import('./command-line/run.ts') = require('./command-line/run.ts');
  return commandLine.runCommand(args, { env: process.env, agent: __filename });
}
