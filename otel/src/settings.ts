import { TRANSLATION_STRATEGIES } from '@otel-register/exposition';
import { AddressList } from '@otel-register/listener';
import { PROBE_NAMES } from '@otel-register/probes';
import {
  addresses,
  attributes,
  boolean,
  cacheNames,
  dsn,
  instrumentations,
  milliseconds,
  notRead,
  oneOf,
  otlpProtocol,
  type Parser,
  type PropagatorName,
  type Protocol,
  port,
  positive,
  ratio,
  type SamplerName,
  type SpanDestination,
  sampler,
  someOf,
  text,
  url,
} from './setting-parsers.ts';

/** One variable: what reads it, what it is without it, and its line in the README and in `--help`. */
export interface Setting<T> extends Parser<T> {
  readonly fallback: T;
  /** The fallback in words, where the value itself would tell little. */
  readonly fallbackText?: string;
  /** What is used in the place of a value of which nothing is good, and in words, where that must not be the fallback. */
  readonly instead?: { readonly value: T; readonly text: string };
  readonly doc: string;
}

function setting<T>(parser: Parser<T>, fallback: T, doc: string, fallbackText?: string): Setting<T> {
  return { ...parser, fallback, doc, ...(fallbackText === undefined ? {} : { fallbackText }) };
}

/** Every variable that the agent itself reads. The table in the README is made from it. */
export const SETTINGS = {
  OTEL_SDK_DISABLED: setting(boolean, false, 'true: nothing of the agent is loaded.'),
  OTEL_SERVICE_NAME: setting(text, '', 'Name of the service.', 'the name in the nearest package.json'),
  OTEL_RESOURCE_ATTRIBUTES: setting(attributes, {}, 'What else describes the process: key=value,…', 'none'),
  OTEL_METRICS_EXPORTER: setting(
    someOf('prometheus', 'otlp', 'console', 'none'),
    ['prometheus'],
    'prometheus is the page, otlp sends metrics to a collector, console prints them to stdout; several with commas. none switches metrics off.',
  ),
  OTEL_METRIC_EXPORT_INTERVAL: setting(positive, 60_000, 'Milliseconds between two times that metrics are sent.'),
  OTEL_METRIC_EXPORT_TIMEOUT: setting(
    positive,
    30_000,
    'Milliseconds within which they must be taken, and no more than lie between two times.',
  ),
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: setting(
    oneOf('cumulative', 'delta', 'lowmemory'),
    'cumulative',
    'delta sends of counters and histograms what came since the last time; lowmemory too, but of those that are observed all since the start.',
  ),
  OTEL_EXPORTER_PROMETHEUS_HOST: setting(
    text,
    'localhost',
    'Where /metrics listens: a name or an address, 0.0.0.0 or :: for all interfaces, or unix:/path/of/a.sock for a socket.',
  ),
  OTEL_EXPORTER_PROMETHEUS_PORT: setting(port, 9464, 'Port of /metrics; 0 takes a free one.'),
  OTEL_EXPORTER_PROMETHEUS_SAME_PORT: setting(
    oneOf('off', 'on', 'open'),
    'off',
    "on: /metrics also on the service's own port, for those who have the token or password or may by their address; open: for anybody.",
  ),
  OTEL_EXPORTER_PROMETHEUS_LIVE_PAGE: setting(
    boolean,
    true,
    'false: no page for a browser at / beside /metrics, which shows the process as it runs.',
  ),
  OTEL_EXPORTER_PROMETHEUS_TLS_CERTIFICATE_FILE: setting(
    text,
    '',
    'A certificate (PEM), with its key: /metrics is on https://, and a new one is used when the files change.',
    'none',
  ),
  OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE: setting(text, '', 'The key of the certificate (PEM).', 'none'),
  OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN: setting(text, '', 'A token that scrapers must have.', 'none'),
  OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN_FILE: setting(text, '', 'A file with it, read again when it changes.', 'none'),
  OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH: setting(
    text,
    '',
    'user:password that scrapers must have, or the token.',
    'none',
  ),
  OTEL_EXPORTER_PROMETHEUS_BASIC_AUTH_FILE: setting(text, '', 'A file with it, read again when it changes.', 'none'),
  OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES: {
    ...setting<AddressList | undefined>(
      addresses,
      undefined,
      'Where scrapes may come from: addresses and networks, such as 10.0.0.0/8,fd00::/8.',
      'anywhere',
    ),
    instead: { value: new AddressList(), text: 'nobody' },
  },
  OTEL_METRICS_CLUSTER_BY_PROCESS: setting(
    boolean,
    false,
    'true: on the page of a cluster gauges, memory and connections are those of each process, with the label process_pid.',
  ),
  OTEL_NODE_WORKER_THREADS: setting(
    boolean,
    true,
    'false: worker threads are left alone, and what they do is not measured.',
  ),
  OTEL_EXPORTER_PROMETHEUS_CREATED: setting(
    boolean,
    false,
    'true: in OpenMetrics, counters and histograms say in a series _created when they began.',
  ),
  OTEL_EXPORTER_PROMETHEUS_SCOPE_LABELS: setting(
    boolean,
    false,
    'true: every series says the library that made it, in the labels otel_scope_name, _version and _schema_url.',
  ),
  OTEL_EXPORTER_PROMETHEUS_TRANSLATION_STRATEGY: setting(
    oneOf(...TRANSLATION_STRATEGIES),
    'underscore_escaping_with_suffixes',
    "How names become Prometheus' own; the other values keep names, or leave out unit and _total, for Prometheus 3.",
  ),
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: setting(
    oneOf('explicit_bucket_histogram', 'base2_exponential_bucket_histogram'),
    'explicit_bucket_histogram',
    'The other value makes exponential histograms, which are native ones to a Prometheus that asks for them.',
  ),
  OTEL_METRICS_CARDINALITY_LIMIT: setting(positive, 2000, 'Most series of a metric; the rest is counted in one more.'),
  OTEL_METRICS_CLASSIC_NAMES: setting(
    boolean,
    false,
    "true: also the names of prom-client's world, such as http_request_duration_seconds, for dashboards that use them.",
  ),
  OTEL_METRICS_PROM_CLIENT: setting(
    boolean,
    false,
    'true: what the service counts with prom-client is on the page too, under the names that it has there.',
  ),
  OTEL_METRICS_EXEMPLAR_FILTER: setting(
    oneOf('trace_based', 'always_on', 'always_off'),
    'trace_based',
    'Which observations are remembered with their span: those of sampled ones, of all, or none.',
  ),
  OTEL_CACHE_NAME_PATTERNS: setting(
    cacheNames,
    [],
    'Names of caches by the keys of Redis: pattern=name,… Keys that match none are named by their prefix up to the first colon.',
    'none',
  ),
  OTEL_TRACES_EXPORTER: {
    ...setting<readonly SpanDestination[] | undefined>(
      someOf('otlp', 'console', 'none'),
      undefined,
      'otlp, console or both: where spans go. none switches them off, whatever else is set.',
      'otlp where an endpoint is set, none elsewhere',
    ),
    instead: { value: ['none'], text: 'none' },
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(
    text,
    '',
    'The collector that spans and metrics go to. The other standard OTEL_EXPORTER_OTLP_… apply: _HEADERS, _COMPRESSION, _TIMEOUT, _CERTIFICATE, _CLIENT_KEY, _CLIENT_CERTIFICATE, _INSECURE.',
    'http://localhost:4318, of gRPC http://localhost:4317',
  ),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: setting(
    text,
    '',
    'The same for spans alone, with its whole path; OTEL_EXPORTER_OTLP_TRACES_… and OTEL_EXPORTER_OTLP_METRICS_… have all others as well.',
    '/v1/traces below OTEL_EXPORTER_OTLP_ENDPOINT',
  ),
  OTEL_EXPORTER_OTLP_PROTOCOL: setting(
    otlpProtocol,
    'http/protobuf',
    'How spans and metrics are sent: http/protobuf, http/json or grpc.',
  ),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: setting<Protocol | undefined>(
    otlpProtocol,
    undefined,
    'The same for spans alone.',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
  ),
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: setting<Protocol | undefined>(
    otlpProtocol,
    undefined,
    'The same for metrics alone.',
    'OTEL_EXPORTER_OTLP_PROTOCOL',
  ),
  OTEL_TRACES_SAMPLER: {
    ...setting<SamplerName | undefined>(
      sampler,
      undefined,
      'Which requests have spans; with parentbased_, what the caller has decided comes first.',
      'parentbased_always_on, or parentbased_traceidratio of SENTRY_TRACES_SAMPLE_RATE',
    ),
    instead: { value: 'parentbased_always_on', text: 'parentbased_always_on' },
  },
  OTEL_TRACES_SAMPLER_ARG: setting(
    ratio,
    1,
    'The share that the samplers with a ratio take: 0.01 is one in a hundred.',
  ),
  OTEL_PROPAGATORS: setting<readonly PropagatorName[] | undefined>(
    someOf('tracecontext', 'baggage', 'b3', 'b3multi', 'sentry', 'none'),
    undefined,
    'The headers that a trace is continued by, from who calls and to whom is called: a list of tracecontext, baggage, b3, b3multi, sentry.',
    'tracecontext,baggage, and sentry with SENTRY_DSN',
  ),
  OTEL_BSP_SCHEDULE_DELAY: setting(milliseconds, 5000, 'Milliseconds that spans wait for others to be sent with.'),
  OTEL_BSP_MAX_QUEUE_SIZE: setting(positive, 2048, 'Most spans that wait; what is beyond is dropped and counted.'),
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: setting(positive, 512, 'Most spans that are sent at once.'),
  OTEL_BSP_EXPORT_TIMEOUT: setting(milliseconds, 30_000, 'Milliseconds within which they must be taken.'),
  SENTRY_DSN: setting(dsn, '', 'Errors are reported to this project of Sentry, with their traces.', 'none'),
  SENTRY_ENVIRONMENT: setting(
    text,
    '',
    'Where the service runs, for Sentry.',
    'deployment.environment.name of the resource, or production',
  ),
  SENTRY_RELEASE: setting(text, '', 'What runs, for Sentry.', 'service.version of the resource, or none'),
  SENTRY_TRACES_SAMPLE_RATE: setting<number | undefined>(
    ratio,
    undefined,
    'More than 0: spans go to Sentry too, those of this share of requests.',
    '0',
  ),
  SENTRY_ORGANIZATION_URL: setting(
    url,
    '',
    'Where your organisation is in Sentry, such as https://acme.sentry.io: the page says how the traces of its exemplars are found there.',
    'none',
  ),
  SENTRY_DEBUG: setting(boolean, false, "true: Sentry's SDK says on stderr what it does."),
  OTEL_NODE_LOG_CORRELATION: setting(
    boolean,
    false,
    'true: lines that pino, winston and bunyan 1 write within a trace get trace_id, span_id and trace_flags.',
  ),
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: setting(
    instrumentations,
    [],
    `Only these are measured and traced. Measured are: ${PROBE_NAMES.join(', ')}.`,
    'all',
  ),
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: setting(instrumentations, [], 'These are not, whatever is enabled.', 'none'),
  OTEL_CONFIG_FILE: setting(
    notRead,
    '',
    'Configuration files are not read: one that is named is a line on stderr, and the other variables apply.',
    'the other variables',
  ),
  OTEL_LOG_LEVEL: setting(
    oneOf('none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'),
    'info',
    'How much the agent says of itself, on stderr.',
  ),
} as const;

type Settings = typeof SETTINGS;

export type SettingName = keyof Settings;

/** What the table's variables come to. */
export type Config = { readonly [N in SettingName]: Settings[N] extends Setting<infer T> ? T : never };
