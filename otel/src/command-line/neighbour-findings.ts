import type { Config } from '../settings.ts';
import { spanDestinations } from '../span-destinations.ts';
import { type Finding, good, note, wrong } from './findings.ts';
import type { InstalledPackage } from './installed-packages.ts';

declare const API_VERSION: string;

/** Other agents, which patch the same libraries. */
const AGENTS = [
  'dd-trace',
  'newrelic',
  'elastic-apm-node',
  'applicationinsights',
  '@splunk/otel',
  '@dynatrace/oneagent',
];

const SDKS = ['@opentelemetry/sdk-node', '@opentelemetry/auto-instrumentations-node', '@opentelemetry/sdk-trace-node'];

/** What the service has itself of what the agent does. */
export function neighbourFindings(config: Config, packages: readonly InstalledPackage[]): Finding[] {
  const own = packages.filter(({ through }) => through === undefined);
  return [
    ...apiFindings(packages.filter(({ name }) => name === '@opentelemetry/api')),
    ...own.filter(({ name }) => AGENTS.includes(name)).map(agentFinding),
    ...own.filter(({ name }) => SDKS.includes(name)).map(sdkFinding),
    ...packages.filter(({ name }) => name === '@sentry/node').flatMap((sentry) => sentryFindings(config, sentry)),
    ...own.filter(({ name }) => name === 'prom-client').map((one) => promClientFinding(config, one)),
  ];
}

/**
 * All copies of the API meet in one place, which is the agent's: one of the same major version, and of the same or an older
 * minor one, takes what it finds there (@opentelemetry/api, "Version Compatibility").
 */
function apiFindings(copies: readonly InstalledPackage[]): Finding[] {
  const [ownMajor = 0, ownMinor = 0] = API_VERSION.split('.').map(Number);
  return copies.map(({ version, through }) => {
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const subject = `@opentelemetry/api ${version}`;
    const of = through === undefined ? '' : ` (${through} needs it)`;
    if (major === ownMajor && minor <= ownMinor)
      return good(`works with the agent, which has ${API_VERSION}${of}`, subject);
    const text = `does not work with the agent, which has ${API_VERSION}: what is measured with it is on no page${of}`;
    return wrong(text, `use @opentelemetry/api ${ownMajor}, up to ${ownMajor}.${ownMinor}`, subject);
  });
}

function agentFinding({ name, version }: InstalledPackage): Finding {
  const mend = 'run one of the two, or accept that each request is instrumented twice';
  return note('is an agent as well, and patches the same libraries', { subject: `${name} ${version}`, mend });
}

function sdkFinding({ name, version }: InstalledPackage): Finding {
  const mend = "take out the service's own set-up; the agent reads the same standard variables";
  const text =
    'sets up OpenTelemetry as well: of two in a process the first is registered, and requests are instrumented twice';
  return note(text, { subject: `${name} ${version}`, mend });
}

/** From version 8 to 10 it brings its own OpenTelemetry along, unless it is asked not to. */
function sentryFindings(config: Config, { name, version }: InstalledPackage): Finding[] {
  const major = Number.parseInt(version, 10);
  if (spanDestinations(config).length === 0 || major < 8 || major > 10) return [];
  const text = 'sets up spans of its own in Sentry.init, beside those of the agent';
  return [
    note(text, { subject: `${name} ${version}`, mend: 'give Sentry.init the option skipOpenTelemetrySetup: true' }),
  ];
}

function promClientFinding({ OTEL_METRICS_PROM_CLIENT: isOn }: Config, { name, version }: InstalledPackage): Finding {
  const subject = `${name} ${version}`;
  if (isOn) return good('what the service counts with it is on the page too (OTEL_METRICS_PROM_CLIENT)', subject);
  const mend = 'OTEL_METRICS_PROM_CLIENT=true puts it on the page of the agent too';
  return note('what the service counts with it is on a page of its own, if it makes one', { subject, mend });
}
