import module from 'node:module';
import { isEnabled } from '../instrumentation-names.ts';
import type { Config } from '../settings.ts';
import { spanDestinations } from '../span-destinations.ts';
import { LOGGERS } from '../traces.ts';
import { type Finding, good, note, off, wrong } from './findings.ts';
import type { Installed, InstalledPackage } from './installed-packages.ts';
import { knownLibraries, type Watched } from './known-libraries.ts';
import { bundledPackages, type Service } from './service-files.ts';

/** Libraries that the agent can watch as ES modules only by a hook that Node.js has from 22.15 on. */
const NEED_HOOKS_AS_MODULES = ['hono', 'socket.io-client'];

/** What is watched in every process. */
const IN_NODE = [
  { by: 'http', subject: 'node:http', text: 'servers and clients, also of node:https and node:http2' },
  { by: 'undici', subject: 'fetch', text: 'requests' },
  { by: 'runtime-node', subject: 'Node.js', text: 'event loop, garbage collection, heap' },
  { by: 'process', subject: 'the process', text: 'CPU, memory, file descriptors' },
];

/** Libraries whose routes are those of another one, whatever instrumentation knows them. */
const ROUTES_OF: Readonly<Record<string, string>> = { '@nestjs/core': 'Express or Fastify' };

/** Library by library what would become of it. */
export function libraryFindings(config: Config, service: Service, { packages, missing }: Installed): Finding[] {
  const watching = knownLibraries();
  const bundled = bundledPackages(service);
  const inNode = IN_NODE.map(({ by, subject, text }) => {
    if (!isEnabled(config, by)) return switchedOff(config, by, subject);
    return hasMetrics(config) ? good(`${text}, by the probe ${by}`, subject) : off('metrics are off', subject);
  });
  const found = eachOnce(packages).flatMap((installed) => {
    const watched = watching(installed);
    if (watched === undefined) return [];
    const finding = libraryFinding(config, service, installed, watched);
    return [
      finding.mark === 'good' && bundled.has(installed.name) && watched.files?.length ? inBundle(finding) : finding,
    ];
  });
  return [...inNode, ...found.sort(bySubject), ...unfound(service, packages, missing)];
}

function libraryFinding(config: Config, service: Service, installed: InstalledPackage, watched: Watched): Finding {
  const { by, isMeasured, files } = watched;
  const { name, version, through } = installed;
  const subject = `${name} ${version}`;
  if (!isEnabled(config, by)) return switchedOff(config, by, subject);
  const routesOf = ROUTES_OF[name];
  if (routesOf !== undefined && (files === undefined || !hasSpans(config)) && hasMetrics(config))
    return good(`its routes are measured as those of ${routesOf}`, subject);
  if (files === undefined) return unknownVersion(installed, watched);
  if (needsNewerNode(name, service)) return neededNode(name, subject);
  const what = [
    ...(isMeasured && hasMetrics(config) ? ['measured'] : []),
    ...(watched.hasSpans && hasSpans(config) ? [LOGGERS.includes(by) ? 'given the ids of traces' : 'traced'] : []),
  ];
  if (LOGGERS.includes(by) && !config.OTEL_NODE_LOG_CORRELATION)
    return off('lines get the ids of their trace with OTEL_NODE_LOG_CORRELATION=true', subject);
  if (what.length === 0) return off(isMeasured ? 'metrics are off' : 'has spans only, and spans are off', subject);
  const of = through === undefined ? '' : ` (${through} needs it)`;
  const where = files.length === 0 ? 'told by itself' : `in ${files.join(', ')}`;
  return good(`${what.join(' and ')} by the ${isMeasured ? 'probe' : 'instrumentation'} ${by}, ${where}${of}`, subject);
}

/** One copy of each version stands for all of them. */
function eachOnce(packages: readonly InstalledPackage[]): InstalledPackage[] {
  return [...new Map(packages.toReversed().map((one) => [`${one.name} ${one.version}`, one])).values()];
}

function hasMetrics({ OTEL_METRICS_EXPORTER: exporters }: Config): boolean {
  return !exporters.includes('none');
}

function hasSpans(config: Config): boolean {
  return spanDestinations(config).length > 0;
}

function bySubject(a: Finding, b: Finding): number {
  return (a.subject ?? '') < (b.subject ?? '') ? -1 : 1;
}

function switchedOff({ OTEL_NODE_DISABLED_INSTRUMENTATIONS: disabled }: Config, by: string, subject: string): Finding {
  const variable = disabled.includes(by) ? 'OTEL_NODE_DISABLED_INSTRUMENTATIONS' : 'OTEL_NODE_ENABLED_INSTRUMENTATIONS';
  return off(`switched off as ${by} by ${variable}`, subject);
}

function unknownVersion({ name, version, through }: InstalledPackage, { by, versions, isMeasured }: Watched): Finding {
  const text = `this version is not known: nothing of it is ${isMeasured ? 'measured' : 'traced'}`;
  const mend = `use ${name} ${versions.join(' or ')}, or name ${by} in OTEL_NODE_DISABLED_INSTRUMENTATIONS`;
  const subject = `${name} ${version}`;
  // What others bring along is not the service's to choose.
  return through === undefined && isMeasured ? wrong(text, mend, subject) : note(text, { subject });
}

/** What is measured by replacing functions in files that are not loaded. */
function inBundle({ subject }: Finding): Finding {
  const text = 'it is bundled into the main file, where nothing of it is measured';
  return wrong(text, 'leave it outside of the bundle: esbuild --packages=external', subject);
}

function needsNewerNode(name: string, { isModule }: Service): boolean {
  return isModule && NEED_HOOKS_AS_MODULES.includes(name) && !('registerHooks' in module);
}

function neededNode(name: string, subject: string): Finding {
  const text = `the service is an ES module, and what imports ${name} needs Node.js 22.15 to be measured`;
  return wrong(text, `use Node.js 22.15 or newer, or require ${name}`, subject);
}

function unfound(service: Service, packages: readonly InstalledPackage[], missing: readonly string[]): Finding[] {
  if (missing.length > 0) {
    const text = `${missing.join(', ')} of package.json cannot be found from ${service.folder}`;
    return [wrong(text, 'install the dependencies (npm ci), so that they can be looked at')];
  }
  if (packages.length > 0) return [];
  return [
    note(`there are no dependencies at ${service.folder}: what is bundled into the main file cannot be seen here`),
  ];
}
