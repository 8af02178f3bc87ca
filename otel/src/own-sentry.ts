import { diag } from '@opentelemetry/api';
import { linkOwnClients } from '@otel-register/sentry-link/own-clients';
import type { ErrorReports, SentryServers } from './error-reports.ts';
import { once } from './messages.ts';

/**
 * Leaves a service that calls `Sentry.init` itself its client, and links that to the traces made here.
 *
 * @param reports undefined where errors are not reported
 * @returns what ends it
 */
export function linkOwnSentry(
  hasTraces: boolean,
  reports: ErrorReports | undefined,
  servers: SentryServers,
): () => void {
  const tell = once((message) => diag.info(message));
  const warn = once((message) => diag.warn(message));
  return linkOwnClients((client) => {
    const dsn = client.getDsn();
    if (dsn) servers.add(dsn);
    if (reports) {
      reports.link.switchOff();
      tell('the service starts Sentry itself: its errors are left to it, and it is told their traces');
    }
    const { tracesSampleRate, tracesSampler } = client.getOptions();
    if (hasTraces && (typeof tracesSampleRate === 'number' || tracesSampler !== undefined)) {
      warn(
        "the service's Sentry makes spans as well: every transaction is doubled, and may be of two traces; leave tracesSampleRate and tracesSampler out of its Sentry.init, or set OTEL_TRACES_EXPORTER=none",
      );
    }
  });
}
