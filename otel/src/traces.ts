import type { EventEmitter } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { createNoopMeter, type MeterProvider } from '@opentelemetry/api';
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';

/** They make metrics and no spans: what they measure, the probes measure. */
const WITHOUT_SPANS = ['host-metrics', 'runtime-node'];

/**
 * Off unless they are asked for by name: a span for each socket and each look-up of a host, and one for each layer of a
 * router that the Express instrumentation has a span for already.
 */
const TOO_FINE = ['dns', 'net', 'router'];

/** They write into the service's log lines, only where that is asked for; no log is sent anywhere. */
const LOGGERS = ['pino', 'winston', 'bunyan'];

/** Upstream's own metrics go nowhere, so nothing that the probes count is counted twice. */
const NO_METRICS: MeterProvider = { getMeter: () => createNoopMeter() };

/**
 * Makes the instrumentations that produce spans, those of `@opentelemetry/auto-instrumentations-node`, as the standard
 * variables switch them. This file is loaded only when spans have somewhere to go.
 *
 * @param isScrape tells the requests that get no span
 * @param onServed told of each request that a server has received, within its span
 * @param askedFor what OTEL_NODE_ENABLED_INSTRUMENTATIONS names
 * @param logCorrelation whether log lines get the ids of their span
 * @param madeElsewhere the libraries whose spans the probes make
 */
export function createSpanInstrumentations(
  isScrape: (request: IncomingMessage) => boolean,
  onServed: (request: IncomingMessage) => void,
  askedFor: readonly string[],
  logCorrelation: boolean,
  madeElsewhere: readonly string[],
): Instrumentation[] {
  const off = [...WITHOUT_SPANS, ...madeElsewhere, ...TOO_FINE.filter((name) => !askedFor.includes(name))];
  return getNodeAutoInstrumentations({
    ...Object.fromEntries(off.map((name) => [`@opentelemetry/instrumentation-${name}`, { enabled: false }])),
    ...Object.fromEntries(
      LOGGERS.map((name) => [
        `@opentelemetry/instrumentation-${name}`,
        { enabled: logCorrelation, disableLogSending: true },
      ]),
    ),
    '@opentelemetry/instrumentation-http': {
      ignoreIncomingRequestHook: isScrape,
      requestHook: (_span, request) => {
        if ('httpVersion' in request) onServed(request);
      },
      responseHook: (_span, response) => makeRoom(response),
    },
  });
}

/**
 * The http and Express instrumentations listen for the close of each response. A service that has ten listeners of its own
 * there must not be warned of a leak because of them.
 */
function makeRoom(response: EventEmitter): void {
  const most = response.getMaxListeners();
  if (most > 0) response.setMaxListeners(most + 2);
}

/** Switches them on. The SDK does not get them: it would hand them its meter provider. */
export function enableSpanInstrumentations(instrumentations: Instrumentation[]): void {
  registerInstrumentations({ instrumentations, meterProvider: NO_METRICS });
}
