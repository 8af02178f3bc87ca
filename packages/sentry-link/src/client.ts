import type { LookupFunction } from 'node:net';
import { hostname } from 'node:os';
import { isSpanContextValid, trace } from '@opentelemetry/api';
import { applySdkMetadata, debug, linkedErrorsIntegration, Scope, type StackParser } from '@sentry/core';
import { ServerRuntimeClient, type ServerRuntimeClientOptions } from '@sentry/core/server';
import { defaultStackParser, openTelemetryIntegration } from '@sentry/node';
import type { Failure } from './failure.ts';
import { metricLabels, seriesSelector } from './metric-labels.ts';
import { type Outcome, SentryTransport } from './transport.ts';

/** Most events that wait to be taken; what is beyond is dropped and counted. */
export const MOST_WAITING = 64;

export interface ClientOptions {
  readonly dsn: string;
  readonly environment: string | undefined;
  readonly release: string | undefined;
  /** Attributes of the OpenTelemetry resource. */
  readonly resource: Readonly<Record<string, unknown>>;
  /** The file of the agent: its frames are none of the service's, and would be another stack with each of its versions. */
  readonly ownFile: string;
  /** Where the SDK says what it does, if it is to. */
  readonly debug: ((message: string) => void) | undefined;
  /** How Sentry's name is looked up. */
  readonly lookup: LookupFunction;
  readonly outcome: Outcome;
}

/** All of `dataCollection` that could be of a person: version 11 collects it unless told not to. */
const NOTHING_PERSONAL = {
  userInfo: false,
  cookies: false,
  httpHeaders: false,
  httpBodies: [],
  urlQueryParams: false,
  graphQL: { document: false, variables: false },
  genAI: { inputs: false, outputs: false },
  mcp: { inputs: false, outputs: false },
  databaseQueryData: false,
  queues: false,
  stackFrameVariables: false,
  frameContextLines: 0,
};

/**
 * Sentry's client for errors alone. It is not made by `Sentry.init`, which takes a client for the one of the whole process and
 * would warn of a second one: a service that calls it itself finds everything as without us.
 */
export class ErrorClient {
  readonly transport: SentryTransport;
  readonly #client: ServerRuntimeClient;
  readonly #resource: Readonly<Record<string, unknown>>;

  constructor({ dsn, environment, release, resource, ownFile, debug: say, lookup, outcome }: ClientOptions) {
    if (say) sayTo(say);
    let transport: SentryTransport | undefined;
    this.#resource = resource;
    const options: ServerRuntimeClientOptions = {
      dsn,
      ...(environment !== undefined && { environment }),
      ...(release !== undefined && { release }),
      platform: 'node',
      runtime: { name: 'node', version: process.version },
      serverName: hostname(),
      // Not one of what patches or listens: errors are told to us.
      integrations: [openTelemetryIntegration(), linkedErrorsIntegration()],
      stackParser: withoutFramesOf(ownFile, defaultStackParser as StackParser),
      dataCollection: NOTHING_PERSONAL,
      // No spans: OpenTelemetry makes them.
      traceLifecycle: 'static',
      sendClientReports: false,
      // The type is for local servers, which take other things as well.
      transportOptions: { bufferSize: MOST_WAITING, headers: { 'content-type': 'application/x-sentry-envelope' } },
      transport: (transportOptions) => {
        transport = new SentryTransport(transportOptions, lookup, outcome);
        return transport;
      },
    };
    applySdkMetadata(options, 'node');
    this.#client = new ServerRuntimeClient(options);
    if (!transport) throw new Error('not a DSN');
    this.transport = transport;
    this.#client.init();
  }

  /** Gives an error to the transport, before it returns. */
  capture({ error, foundBy, level, context: at, request }: Failure): void {
    const scope = new Scope();
    scope.setLevel(level);
    scope.setContext('otel', { resource: this.#resource });
    const span = trace.getSpanContext(at);
    if (span && isSpanContextValid(span)) {
      scope.setPropagationContext({
        traceId: span.traceId,
        propagationSpanId: span.spanId,
        sampleRand: Math.random(),
      });
    }
    if (request) {
      const labels = metricLabels(request.attributes());
      const { http_request_method: method, http_route: route } = labels;
      scope.setTransactionName(route === undefined ? String(method) : `${method} ${route}`);
      scope.setContext('metrics', { ...labels, series: seriesSelector(labels) });
    }
    const hint = { originalException: error, mechanism: { type: `auto.otel.${foundBy}`, handled: false } };
    this.#client.captureException(error, hint, scope);
  }
}

/** The SDK would write what it does to stdout. */
function sayTo(say: (message: string) => void): void {
  const line = (...parts: unknown[]) => say(`sentry: ${parts.map(String).join(' ')}`);
  Object.assign(debug, { log: line, warn: line, error: line });
}

function withoutFramesOf(file: string, parse: StackParser): StackParser {
  return (...args) => parse(...args).filter(({ filename }) => filename !== file);
}
