import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { repositoryRoot } from '@payments/local-stack';

/** One way to run a service: bare, under the agent, or under one of its peers. */
export interface Variant {
  readonly name: string;
  readonly kind: 'bare' | 'ours' | 'peer';
  /** What `node` gets before the program. */
  readonly nodeOptions: readonly string[];
  readonly env: (ports: { readonly metricsPort: number; readonly sinkUrl: string }) => Record<string, string>;
  /** How it is known that it really measures: a page at its own port or the service's, or something sent to the sink. */
  readonly proof: ReadonlyArray<'own-page' | 'service-page' | 'sink'>;
  /** The code of the service is another one: it measures itself. */
  readonly byHand?: true;
  /** Whether it is in a quick run. */
  readonly isRepresentative?: true;
  /** Least Node.js that it supports, `[major, minor]`, where that is newer than the agent's own. */
  readonly leastNode?: readonly [number, number];
}

const peers = fileURLToPath(new URL('../peers', import.meta.url));
const programs = fileURLToPath(new URL('../programs', import.meta.url));
const inPeer = (peer: string, ...path: string[]) => join(peers, peer, 'node_modules', ...path);

export const bare: Variant = { name: 'bare', kind: 'bare', nodeOptions: [], env: () => ({}), proof: [] };

/** Sent soon, so that each slice of load bears the cost of sending its own spans. */
const otlp = (sinkUrl: string) => ({
  OTEL_TRACES_EXPORTER: 'otlp',
  OTEL_EXPORTER_OTLP_ENDPOINT: sinkUrl,
  OTEL_BSP_SCHEDULE_DELAY: '500',
});
const onePercent = { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.01' };

const agent = ['-r', join(repositoryRoot, 'otel', 'register')];
const agentMetrics = (metricsPort: number) => ({ OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort) });

const register = [
  '-r',
  inPeer('opentelemetry', '@opentelemetry', 'auto-instrumentations-node', 'dist', 'register.cjs'),
];
const stockMetrics = (metricsPort: number) => ({
  OTEL_METRICS_EXPORTER: 'prometheus',
  OTEL_EXPORTER_PROMETHEUS_PORT: String(metricsPort),
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  // The detectors of clouds would ask the network; left out in favour of stock OpenTelemetry.
  OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process',
});
const stock = { kind: 'peer', nodeOptions: register, leastNode: [22, 15] } as const;

/** In the order of the report. Each peer is set up as its documentation says; what differs from that is said here. */
export const variants: readonly Variant[] = [
  {
    name: 'ours-disabled',
    kind: 'ours',
    nodeOptions: agent,
    env: () => ({ OTEL_SDK_DISABLED: 'true' }),
    proof: [],
  },
  {
    name: 'ours-metrics',
    isRepresentative: true,
    kind: 'ours',
    nodeOptions: agent,
    env: ({ metricsPort }) => agentMetrics(metricsPort),
    proof: ['own-page'],
  },
  {
    name: 'ours-traced-1%',
    kind: 'ours',
    nodeOptions: agent,
    env: ({ metricsPort, sinkUrl }) => ({ ...agentMetrics(metricsPort), ...otlp(sinkUrl), ...onePercent }),
    proof: ['own-page', 'sink'],
  },
  {
    name: 'ours-traced-100%',
    isRepresentative: true,
    kind: 'ours',
    nodeOptions: agent,
    env: ({ metricsPort, sinkUrl }) => ({ ...agentMetrics(metricsPort), ...otlp(sinkUrl) }),
    proof: ['own-page', 'sink'],
  },
  {
    // Errors go to Sentry, of which there are none; no spans are sent.
    name: 'ours-sentry',
    kind: 'ours',
    nodeOptions: agent,
    env: ({ metricsPort, sinkUrl }) => ({
      ...agentMetrics(metricsPort),
      SENTRY_DSN: `${sinkUrl.replace('://', '://key@')}/1`,
    }),
    proof: ['own-page'],
  },
  {
    name: 'prom-client',
    isRepresentative: true,
    kind: 'peer',
    nodeOptions: [],
    env: () => ({}),
    proof: ['service-page'],
    byHand: true,
  },
  {
    ...stock,
    name: 'opentelemetry-metrics',
    isRepresentative: true,
    env: ({ metricsPort }) => stockMetrics(metricsPort),
    proof: ['own-page'],
  },
  {
    ...stock,
    name: 'opentelemetry-traced-1%',
    env: ({ metricsPort, sinkUrl }) => ({ ...stockMetrics(metricsPort), ...otlp(sinkUrl), ...onePercent }),
    proof: ['own-page', 'sink'],
  },
  {
    ...stock,
    name: 'opentelemetry-traced-100%',
    isRepresentative: true,
    env: ({ metricsPort, sinkUrl }) => ({ ...stockMetrics(metricsPort), ...otlp(sinkUrl) }),
    proof: ['own-page', 'sink'],
  },
  {
    // Sends traces, metrics and logs by OTLP, as it does of itself.
    name: 'elastic',
    kind: 'peer',
    nodeOptions: ['--import', inPeer('elastic', '@elastic', 'opentelemetry-node', 'import.mjs')],
    env: ({ sinkUrl }) => ({
      ...otlp(sinkUrl),
      OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process',
    }),
    proof: ['sink'],
  },
  {
    // Errors and every request's trace.
    name: 'sentry',
    kind: 'peer',
    nodeOptions: ['-r', join(programs, 'sentry.cjs')],
    env: ({ sinkUrl }) => ({
      SENTRY_DSN: `${sinkUrl.replace('://', '://key@')}/1`,
      SENTRY_TRACES_SAMPLE_RATE: '1',
    }),
    proof: ['sink'],
  },
  {
    // Traces and the metrics made from them. What it tells its maker about itself, and settings from afar, are off.
    name: 'datadog',
    kind: 'peer',
    nodeOptions: ['-r', inPeer('datadog', 'dd-trace', 'init.js')],
    env: ({ sinkUrl }) => ({
      DD_TRACE_AGENT_URL: sinkUrl,
      DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
      DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      DD_TRACE_STARTUP_LOGS: 'false',
    }),
    proof: ['sink'],
    leastNode: [22, 0],
  },
];

/** Why a variant cannot run on that Node.js; undefined where it can. */
export function whyNotOn(
  { nodeVersion }: { readonly nodeVersion: string },
  { leastNode }: Variant,
): string | undefined {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number);
  if (leastNode === undefined || major > leastNode[0] || (major === leastNode[0] && minor >= leastNode[1])) return;
  return `needs Node.js ${leastNode.join('.')}`;
}
