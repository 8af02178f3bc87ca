import { isMainThread } from 'node:worker_threads';
import { metrics as applicationMetrics, diag } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { registered } from './api-globals.ts';
import { hasSpanLimits, readConfig } from './environment.ts';
import { forgetExports, letExportsWait } from './exports-wait.ts';
import { flushAtExit, type Pushed } from './flush-at-exit.ts';
import { unwatchImports, watchImports } from './imported-packages.ts';
import { isEnabled } from './instrumentation-names.ts';
import { lightenSpans } from './light-spans.ts';
import { useMessagesForDiagnostics, withoutItsLogger } from './messages.ts';
import { guardCallbacks } from './observable-callbacks.ts';
import { linkOwnSentry } from './own-sentry.ts';
import { type Parts, partsOf } from './parts.ts';
import { processEnvironment } from './process-environment.ts';
import { createPropagator } from './propagators.ts';
import { hookRequire, unhookRequire } from './required-modules.ts';
import { createSampler } from './sampler.ts';
import { sendInExit } from './sent-in-exit.ts';
import { serviceNameOf, serviceScript } from './service-name.ts';
import { createSpanProcessors } from './span-export.ts';
import { type End, Switch } from './switch.ts';
import { type HandedOver, handOver, takeBack } from './worker-threads.ts';

export { sendLast } from './sent-in-exit.ts';

/** Made at the first start; undefined where the variables switch it off. */
let agent: Switch | undefined;

/**
 * Starts the agent from the environment: settings, the SDK with its reader and instrumentations, the listener. What is off
 * is said on stderr. Does nothing while it runs. After {@link stop} it goes on with the settings that it had, and counts on.
 */
export function start(): void {
  agent ??= createAgent();
  agent?.on();
}

/**
 * Stops the agent: closes the listener, sends the last spans, errors and metrics, within two seconds, and takes out all that it has
 * put into the process. Does nothing where it does not run. Never rejects.
 */
export async function stop(): Promise<void> {
  await agent?.off();
}

function createAgent(): Switch | undefined {
  const env = processEnvironment();
  const warnings: string[] = [];
  const config = readConfig(env, (message) => warnings.push(message));
  if (config.OTEL_SDK_DISABLED) return undefined;
  const serviceName = serviceNameOf(config, serviceScript(process.argv[1], env));
  const parts = partsOf(config, serviceName, (name) => isEnabled(config, name));
  const { metrics, resource, reports } = parts;
  const begin = (ends: End[]) => {
    const { sdk, pushed, endWatching } = run(env, parts, warnings.splice(0), ends);
    metrics?.begin(serviceName, resource);
    // A scrape has no last one to wait for.
    const metricPushes = metrics?.pushed() ?? [];
    const endFlushing = flushAtExit([...pushed, ...metricPushes]);
    const shutDown = () =>
      Promise.all([sdk.shutdown(), ...metricPushes.map((push) => push.shutdown()), reports?.link.forceFlush()]);
    ends.push(() => endFlushing(shutDown));
    if (metrics) ends.push(metrics.end);
    if (config.OTEL_NODE_WORKER_THREADS) {
      handOver({ env, serviceName, places: metrics?.places() ?? [] });
      ends.push(takeBack);
    }
    ends.push(endWatching);
  };
  return new Switch(begin, (error) => diag.error('a part of the agent could not be started or stopped:', error));
}

/**
 * Starts it in a worker thread of a process in which it runs: what is measured there is on the page of the process. It ends with the
 * thread.
 */
export function startInThread({ env, serviceName, places }: HandedOver): void {
  const config = readConfig(env, () => {});
  const parts = partsOf(config, serviceName, (name) => name !== 'process' && isEnabled(config, name));
  flushAtExit(run(env, parts, [], []).pushed);
  parts.metrics?.joinAsThread(places);
}

/** What runs. */
interface Run {
  readonly sdk: NodeSDK;
  /** What spans and errors are pushed by. */
  readonly pushed: readonly Pushed[];
  /** Switches the probes off. */
  readonly endWatching: () => void;
}

/**
 * @param warnings to be said as soon as there is a way to
 * @param ends gets what ends each part but for those that are returned
 */
function run(env: NodeJS.ProcessEnv, parts: Parts, warnings: readonly string[], ends: End[]): Run {
  const { config, resource, hasTraces, metrics, probes, reports } = parts;
  ends.push(useMessagesForDiagnostics(config.OTEL_LOG_LEVEL));
  for (const warning of warnings) diag.warn(warning);
  if (hasTraces || reports) ends.push(linkOwnSentry(hasTraces, reports, parts.servers));
  hookRequire();
  watchImports();
  ends.push(unhookRequire, unwatchImports, forgetExports);
  if (hasTraces) letExportsWait();
  // They read variables themselves, and say what is wrong with them.
  const processors = hasTraces
    ? createSpanProcessors({ config, counts: parts.spanCounts, sendInExit })
    : { all: [], batches: [] };
  const sampler = hasTraces ? createSampler(config) : undefined;
  const sdk = withoutItsLogger(
    () =>
      new NodeSDK({
        resource,
        autoDetectResources: false,
        metricReaders: metrics ? [metrics.newReader()] : [],
        instrumentations: [...probes],
        contextManager: parts.contextManager,
        ...(sampler && { sampler }),
        textMapPropagator: createPropagator(config, reports?.traceInfo),
        spanProcessors: processors.all,
      }),
  );
  // Logs are the service's own: a provider that is made here would take the place of one that it registers.
  Object.defineProperty(sdk, 'configureLoggerProviderFromEnv', { value: () => {} });
  ends.push(registered(() => sdk.start()));
  if (sampler && processors.all.length > 0 && !hasSpanLimits(env))
    lightenSpans(probes, config, sampler, resource, processors.all);
  if (metrics) guardCallbacks(applicationMetrics.getMeterProvider());
  const disableSpanInstrumentations = parts.enableSpanInstrumentations();
  // Errors of a worker thread that nobody handles there are those of who started it.
  if (reports && isMainThread) ends.push(reports.watchProcess());
  const pushed = [...processors.batches, ...(reports ? [reports.link] : [])];
  const endWatching = () => {
    for (const probe of probes) probe.disable();
    disableSpanInstrumentations();
  };
  return { sdk, pushed, endWatching };
}

/**
 * Runs the command line of `node otel/register`: `--help`, `--doctor`, `--print-config`.
 *
 * @returns the exit code
 */
export function runCommand(args: readonly string[]): Promise<number> {
  const commandLine: typeof import('./command-line/run.ts') = require('./command-line/run.ts');
  return commandLine.runCommand(args, { env: processEnvironment(), agent: __filename });
}
