import type { IncomingMessage, Server } from 'node:http';
import { diag } from '@opentelemetry/api';
import {
  type Access,
  answerOnServicePorts,
  isMetricsPath,
  listeningAddress,
  type ScrapeHandler,
  startMetricsServer,
  textOfAddress,
} from '@otel-register/listener';
import { type ClusterMetrics, isWorker } from './cluster/cluster-metrics.ts';
import { once } from './messages.ts';
import { scrapeAccess } from './scrape-access.ts';
import type { Config } from './settings.ts';

/** Where scrapes are answered: on a port of their own, and on the service's where that is asked for. */
export class ScrapePorts {
  readonly #config: Config;
  readonly #isOnServicePorts: boolean;
  #server: Server | undefined;

  constructor(config: Config) {
    this.#config = config;
    this.#isOnServicePorts = config.OTEL_EXPORTER_PROMETHEUS_SAME_PORT === 'open';
  }

  /** Whether a request, or a server, is none of the service's. */
  ignores({ request, server }: { request?: IncomingMessage; server: Server }): boolean {
    if (server !== undefined && server === this.#server) return true;
    return this.#isOnServicePorts && isMetricsPath(request?.url);
  }

  /** Starts answering; where another process of the cluster has the port, on the service's alone. */
  listen(serviceName: string, createHandler: (access: Access) => ScrapeHandler, cluster: ClusterMetrics): void {
    const { OTEL_EXPORTER_PROMETHEUS_HOST: host, OTEL_EXPORTER_PROMETHEUS_PORT: port } = this.#config;
    const address = listeningAddress(host, port);
    const handler = createHandler(
      scrapeAccess(
        this.#config,
        once((message) => diag.error(message)),
      ),
    );
    if (this.#isOnServicePorts) answerOnServicePorts(handler);
    const also = this.#isOnServicePorts ? "; they are on the service's own port too" : '';
    const none = (why: string) => `no metrics on ${textOfAddress(address)}${why}: the service runs on${also}`;
    if (!cluster.begin(serviceName, (owner) => diag.error(none(`, the port is taken by ${owner}`)))) return;
    this.#server = startMetricsServer({
      address,
      handler,
      isShared: isWorker(),
      onListening: (url) => diag.info(`metrics of ${serviceName} on ${url}${also}`),
      onError: ({ code, message }) => {
        const taken = 'path' in address ? 'another process listens there' : 'the port is taken';
        diag.error(none(` yet, ${code === 'EADDRINUSE' ? taken : message}`));
      },
    });
  }
}
