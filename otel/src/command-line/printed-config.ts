import { readConfig } from '../environment.ts';
import { type Config, SETTINGS, type SettingName } from '../settings.ts';
import type { Surroundings } from './run.ts';
import { findService, nameOf } from './service-files.ts';

declare const AGENT_VERSION: string;

/**
 * The settings whose values are shown, beside those that are a number, true or false. No other value is: it may be a secret,
 * also one that a person has put into the wrong variable.
 */
const SHOWN: ReadonlySet<string> = new Set<SettingName>([
  'OTEL_SERVICE_NAME',
  'OTEL_RESOURCE_ATTRIBUTES',
  'OTEL_METRICS_EXPORTER',
  'OTEL_EXPORTER_PROMETHEUS_HOST',
  'OTEL_EXPORTER_PROMETHEUS_SAME_PORT',
  'OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES',
  'OTEL_EXPORTER_PROMETHEUS_TRANSLATION_STRATEGY',
  'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
  'OTEL_METRICS_EXEMPLAR_FILTER',
  'OTEL_CACHE_NAME_PATTERNS',
  'OTEL_TRACES_EXPORTER',
  'OTEL_TRACES_SAMPLER',
  'OTEL_PROPAGATORS',
  'OTEL_EXPORTER_OTLP_PROTOCOL',
  'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
  'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL',
  'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
  'OTEL_NODE_ENABLED_INSTRUMENTATIONS',
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS',
  'OTEL_LOG_LEVEL',
  'SENTRY_ENVIRONMENT',
  'SENTRY_RELEASE',
  'SENTRY_TRACES_SAMPLE_RATE',
  'SENTRY_ORGANIZATION_URL',
]);

const HIDDEN = '(set, not shown)';

/** A setting as it is told. */
export interface ToldSetting {
  readonly name: SettingName;
  /** As it stands in the environment; undefined where it does not. */
  readonly given: string | undefined;
  /** What it comes to. */
  readonly value: unknown;
}

/** What an environment comes to, without its secrets. */
export interface ToldConfig {
  readonly config: Config;
  readonly settings: readonly ToldSetting[];
  /** What is wrong with it. */
  readonly warnings: readonly string[];
}

export function toldConfig(env: NodeJS.ProcessEnv): ToldConfig {
  const warnings: string[] = [];
  const config = readConfig(env, (message) => warnings.push(withoutSecrets(message, env)));
  const settings = (Object.keys(SETTINGS) as SettingName[]).map((name) => {
    const given = env[name]?.trim() || undefined;
    const isHidden = given !== undefined && !isShown(name);
    return { name, given: isHidden ? HIDDEN : given, value: isHidden ? HIDDEN : config[name] };
  });
  return { config, settings, warnings };
}

/** What `--print-config` prints. */
export function printedConfig({ env, agent, main }: Surroundings): object {
  const { config, settings, warnings } = toldConfig(env);
  const service = findService(process.cwd(), main);
  return {
    agent: { version: AGENT_VERSION, file: agent },
    node: process.version,
    service: { name: nameOf(service, config), folder: service.folder },
    settings: Object.fromEntries(
      settings.map(({ name, given, value }) => [
        name,
        // What is no plain value says more as it was given.
        {
          value: typeof value === 'object' ? (given ?? value ?? null) : value,
          from: given ? 'environment' : 'default',
        },
      ]),
    ),
    warnings,
  };
}

/** A text in which no value stands that is not shown. */
export function withoutSecrets(text: string, env: NodeJS.ProcessEnv): string {
  const secrets = (Object.keys(SETTINGS) as SettingName[])
    .filter((name) => !isShown(name))
    .flatMap((name) => env[name]?.trim() || []);
  return secrets.reduce(
    (shorter, secret) => [secret, secret.slice(0, 80)].reduce((rest, part) => rest.replaceAll(part, '…'), shorter),
    text,
  );
}

function isShown(name: SettingName): boolean {
  return SHOWN.has(name) || ['number', 'boolean'].includes(typeof SETTINGS[name].fallback);
}
