/** The HTTP side of `/metrics`: it is given collecting and rendering as functions and knows neither SDK nor formats. */
export { type Access, isRestricted, type Refusal } from './access.ts';
export { AddressList } from './address-list.ts';
export { ChunkPool } from './chunk-pool.ts';
export { type CredentialSource, credential, type Scheme } from './credentials.ts';
export { type ListeningAddress, listeningAddress, textOfAddress } from './listening-address.ts';
export { type MetricsServerOptions, startMetricsServer } from './metrics-server.ts';
export { createPageHandler, type PageFile } from './page-handler.ts';
export { ServicePorts } from './same-port.ts';
export {
  createScrapeHandler,
  type Format,
  isMetricsPath,
  type ScrapeHandler,
  type ScrapeObserver,
} from './scrape-handler.ts';
export { inSlices } from './slices.ts';
export type { TlsFiles } from './tls-files.ts';
export type { WorkObserver } from './work.ts';
