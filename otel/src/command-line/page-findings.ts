import { lookup } from 'node:dns/promises';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { isRestricted, type ListeningAddress, listeningAddress, textOfAddress } from '@otel-register/listener';
import { SAME_PORT_FOR_NOBODY, scrapeAccess } from '../scrape-access.ts';
import type { Config } from '../settings.ts';
import { certificateFindings } from './certificate-findings.ts';
import { type Finding, good, note, wrong } from './findings.ts';
import { portHolder } from './port-holder.ts';

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/;
const EVERYWHERE = ['0.0.0.0', '::'];

const HOST = 'OTEL_EXPORTER_PROMETHEUS_HOST';
const PORT = 'OTEL_EXPORTER_PROMETHEUS_PORT';

/** Where the page would be, whether that is free, and who can reach it. */
export async function pageFindings(config: Config, folder: string, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  const exporters = config.OTEL_METRICS_EXPORTER;
  if (exporters.includes('none') || !exporters.includes('prometheus'))
    return [note(`there is none (OTEL_METRICS_EXPORTER=${exporters})`)];
  const address = listeningAddress(config[HOST], config[PORT]);
  const scheme = config.OTEL_EXPORTER_PROMETHEUS_TLS_CERTIFICATE_FILE === '' ? 'http' : 'https';
  return [
    good(`${scheme}://${textOfAddress(address)}${'path' in address ? ':' : ''}/metrics`),
    ...('path' in address ? [] : [await portFinding(address.host, address.port, folder)]),
    ...(await reachFindings(address, config, env)),
    ...certificateFindings(config),
    ...accessFindings(config),
  ];
}

async function portFinding(host: string, port: number, folder: string): Promise<Finding> {
  if (port === 0)
    return note('each start takes another free port, which Prometheus cannot know', { mend: `give ${PORT} a number` });
  const error = await whyNotListening(host, port);
  if (error === undefined) return good(`port ${port} is free`);
  if (error.code !== 'EADDRINUSE')
    return wrong(`port ${port} on ${host} cannot be taken: ${error.message}`, mendOf(error));
  const holder = portHolder(port);
  const who = holder ? `process ${holder.pid} (${holder.program}) in ${holder.folder}` : 'another process';
  if (holder?.folder === folder) return good(`port ${port} is held by ${who}: the service runs already`);
  return wrong(`port ${port} is taken by ${who}`, `end that one, or give ${PORT} another number`);
}

function mendOf({ code }: NodeJS.ErrnoException): string {
  if (code === 'EACCES') return `give ${PORT} a number from 1024 on, or run with the right to take it`;
  return `give ${HOST} a name or an address of this machine, or 0.0.0.0 for all of them`;
}

/** Takes the port for an instant. */
function whyNotListening(host: string, port: number): Promise<NodeJS.ErrnoException | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.on('error', resolve);
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}

async function reachFindings(address: ListeningAddress, config: Config, env: NodeJS.ProcessEnv): Promise<Finding[]> {
  if ('path' in address) return [note('on a socket of the file system: reached by what runs on this machine')];
  const found = await lookup(address.host, { all: true }).catch(() => []);
  // That it has no address is said of the port.
  if (found.length === 0) return [];
  if (found.every(({ address: one }) => LOOPBACK.test(one))) {
    if (!isInContainer(env)) return [good(`reached from this machine only; ${HOST}=0.0.0.0 opens it to others`)];
    return [wrong('this is a container, and nothing outside of it reaches its localhost', `set ${HOST}=0.0.0.0`)];
  }
  const at = EVERYWHERE.includes(address.host) ? ownAddresses().slice(0, 3).join(', ') : '';
  const reached = good(`reached from other machines${at && ` at ${at}`}, as far as no firewall is between`);
  const isOpen = !isRestricted(scrapeAccess(config, () => {}));
  return isOpen
    ? [
        reached,
        note('whoever reaches the port may read the page', {
          mend: 'OTEL_EXPORTER_PROMETHEUS_BEARER_TOKEN_FILE or OTEL_EXPORTER_PROMETHEUS_ALLOWED_ADDRESSES would restrict that',
        }),
      ]
    : [reached];
}

function accessFindings(config: Config): Finding[] {
  const findings: Finding[] = [];
  const access = scrapeAccess(config, (why) => {
    findings.push(wrong(why, 'without it nobody can scrape'));
  });
  const who = [
    ...(access.credentials.length > 0 ? ['with a token or password'] : []),
    ...(access.addresses ? ['from an allowed address'] : []),
  ];
  if (who.length > 0) findings.push(good(`answers those who ask ${who.join(' and ')}`));
  const samePort = config.OTEL_EXPORTER_PROMETHEUS_SAME_PORT;
  if (samePort === 'on' && !isRestricted(access))
    findings.push(wrong(SAME_PORT_FOR_NOBODY, 'set one of them, or leave the variable out'));
  else if (samePort !== 'off')
    findings.push(good(`also on the service's own port (OTEL_EXPORTER_PROMETHEUS_SAME_PORT=${samePort})`));
  return findings;
}

function ownAddresses(): string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  );
}

/** Docker and Podman leave a file there, Kubernetes and systemd-nspawn a variable. */
function isInContainer(env: NodeJS.ProcessEnv): boolean {
  const isMarked = existsSync('/.dockerenv') || existsSync('/run/.containerenv');
  if (isMarked || env.KUBERNETES_SERVICE_HOST !== undefined || env.container !== undefined) return true;
  try {
    return /docker|kubepods|containerd|libpod/.test(readFileSync('/proc/1/cgroup', 'utf8'));
  } catch {
    return false;
  }
}
