/** The HTTP side of `/metrics`: it is given the page as a function and knows neither SDK nor formats. */
export { type MetricsServerOptions, startMetricsServer } from './metrics-server.ts';
export { answerOnServicePorts } from './same-port.ts';
export { createScrapeHandler, isMetricsPath, type Page, type ScrapeHandler } from './scrape-handler.ts';
