import type { IncomingMessage, Server } from 'node:http';
import { diag } from '@opentelemetry/api';
import {
  type Access,
  createPageHandler,
  isRestricted,
  listeningAddress,
  type ScrapeHandler,
  ServicePorts,
  startMetricsServer,
  type TlsFiles,
  textOfAddress,
} from '@otel-register/listener';
import { livePage } from '@otel-register/live-page';
import { type ClusterMetrics, isWorker } from './cluster/cluster-metrics.ts';
import { lookUp } from './look-up.ts';
import { once } from './messages.ts';
import { SAME_PORT_FOR_NOBODY, scrapeAccess } from './scrape-access.ts';
import type { Config } from './settings.ts';

/** Where scrapes are answered: on a port of their own, and on the service's where that is asked for. */
export class ScrapePorts {
  readonly #config: Config;
  #server: Server | undefined;
  #servicePorts: ServicePorts | undefined;
  /** What ends what it has begun. */
  #ends: (() => void)[] = [];

  constructor(config: Config) {
    this.#config = config;
  }

  /** Whether a request, or a server, is none of the service's. */
  readonly ignores = ({ request, server }: { request?: IncomingMessage; server: Server }): boolean => {
    if (server !== undefined && server === this.#server) return true;
    return request !== undefined && (this.#servicePorts?.isScrape(request, server) ?? false);
  };

  /** Starts answering; where another process of the cluster has the port, on the service's alone. */
  listen(serviceName: string, createHandler: (access: Access) => ScrapeHandler, cluster: ClusterMetrics): void {
    const say = once((message: string) => diag.error(message));
    const access = scrapeAccess(this.#config, say);
    const handler = createHandler(access);
    const page = this.#config.OTEL_EXPORTER_PROMETHEUS_LIVE_PAGE
      ? createPageHandler({
          access,
          files: () => livePage(),
          onError: (error) => say(`the live page failed: ${error}`),
        })
      : undefined;
    this.#answerOnServicePorts(handler, access);
    const also = this.#servicePorts ? "; they are on the service's own port too" : '';
    const address = listeningAddress(
      this.#config.OTEL_EXPORTER_PROMETHEUS_HOST,
      this.#config.OTEL_EXPORTER_PROMETHEUS_PORT,
    );
    const none = (why: string) =>
      diag.error(`no metrics on ${textOfAddress(address)}${why}: the service runs on${also}`);
    const tls = this.#tlsFiles();
    const open = (onError: (error: NodeJS.ErrnoException) => void) => {
      if (tls === 'half') {
        none(', a certificate needs a key, and a key a certificate');
        return;
      }
      this.#server = startMetricsServer({
        ...{ address, handler, isShared: isWorker(), ...(page && { page }), ...(tls && { tls }) },
        lookup: lookUp,
        onError,
        onListening: (url) => {
          diag.info(`metrics of ${serviceName} on ${url}${also}`);
          cluster.announce(serviceName);
        },
        onCertificateError: ({ message }) => say(`the certificate of /metrics stays as it was: ${message}`),
      });
      this.#servicePorts?.except(this.#server);
    };
    const isOurs = cluster.begin(serviceName, {
      onTaken: (owner) => none(`, the port is taken by ${owner}`),
      // By another one of those that were left, which has the same page.
      onLeftAlone: () => open(() => {}),
    });
    if (!isOurs) return;
    const onError = ({ code, message }: NodeJS.ErrnoException) => {
      const taken = 'path' in address ? 'another process listens there' : 'the port is taken';
      none(` yet, ${code === 'EADDRINUSE' ? taken : message}`);
    };
    // After the first turn of the service: one that only runs another program, and waits for it, leaves the port to it.
    const later = setImmediate(open, onError).unref();
    this.#ends.push(() => clearImmediate(later));
  }

  /** Ends it; a scrape that is being answered is cut off. */
  close(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#server?.close();
    this.#server?.closeAllConnections();
    this.#server = undefined;
    this.#servicePorts = undefined;
  }

  #tlsFiles(): TlsFiles | 'half' | undefined {
    const certificate = this.#config.OTEL_EXPORTER_PROMETHEUS_TLS_CERTIFICATE_FILE;
    const key = this.#config.OTEL_EXPORTER_PROMETHEUS_TLS_KEY_FILE;
    if (certificate === '' && key === '') return undefined;
    return certificate === '' || key === '' ? 'half' : { certificate, key };
  }

  #answerOnServicePorts(handler: ScrapeHandler, access: Access): void {
    const who = this.#config.OTEL_EXPORTER_PROMETHEUS_SAME_PORT;
    if (who === 'off') return;
    if (who === 'on' && !isRestricted(access)) {
      diag.error(SAME_PORT_FOR_NOBODY);
      return;
    }
    const say = once((message: string) => diag.info(message));
    this.#servicePorts = new ServicePorts({
      handler,
      access,
      onRefused: (refusal) =>
        say(`requests for /metrics on the service's port were left to the service: ${REFUSALS[refusal]}`),
      onOwnPage: () => say('the service has a /metrics of its own, and keeps it: these metrics are not on its port'),
    });
    this.#ends.push(this.#servicePorts.answer());
  }
}

const REFUSALS = {
  address: 'not from an address that may scrape',
  credentials: 'without the right token or password',
};
