import { type Context, context, diag } from '@opentelemetry/api';
import type { CellRegistry } from '@otel-register/cells';
import {
  contextOf,
  contextOfException,
  type OnRequestError,
  type OwnServer,
  requestAttributes,
  requestIn,
} from '@otel-register/probes';
import { type FailedRequest, partsOf, SentryLink, watchProcess } from '@otel-register/sentry-link';
import type { OwnClient } from '@otel-register/sentry-link/own-clients';
import { countErrors, tellTraceUrl } from './error-counts.ts';
import { runInExit } from './exit-process.ts';
import { lookUp } from './look-up.ts';
import { reportedOnce } from './losses.ts';
import type { Config } from './settings.ts';

type Resource = Readonly<Record<string, string>>;

/** The half of the agent that SENTRY_DSN switches on: what fails in the service is reported to Sentry. */
export class ErrorReports {
  readonly link: SentryLink;
  /** What Sentry is told of traces that begin here, by its own names. */
  readonly traceInfo: Readonly<Record<string, string>>;
  readonly #organization: string;
  readonly #reported: (count: number, failure: Error | undefined) => void;
  #count: (failure: Error | undefined) => void = () => {};

  constructor(config: Config, resource: Resource) {
    const { SENTRY_DSN: dsn, SENTRY_ENVIRONMENT, SENTRY_RELEASE } = config;
    const environment = SENTRY_ENVIRONMENT || resource['deployment.environment.name'] || 'production';
    const release = SENTRY_RELEASE || resource['service.version'];
    const { publicKey, host } = partsOf(dsn);
    this.traceInfo = { public_key: publicKey, environment, ...(release !== undefined && { release }) };
    this.#organization = config.SENTRY_ORGANIZATION_URL;
    this.#reported = reportedOnce('errors', `reported to Sentry at ${host}`);
    this.link = new SentryLink({
      dsn,
      environment,
      release,
      resource,
      ownFile: __filename,
      runInExit,
      lookup: lookUp,
      debug: config.SENTRY_DEBUG ? (message) => diag.info(message) : undefined,
      outcome: (failure) => {
        this.#count(failure);
        this.#reported(1, failure);
      },
    });
  }

  /** Told by the probes. */
  readonly onRequestError: OnRequestError = ({ error, framework, request, response }) => {
    this.link.report({
      error,
      foundBy: framework,
      level: 'error',
      context: contextOf(request) ?? context.active(),
      request: {
        identity: request,
        attributes: () => requestAttributes(request, response),
      },
      // The status is known then.
      when: (callback) => response.once('close', callback),
    });
  };

  /**
   * Begins to watch the process, once probes have their contexts.
   *
   * @returns what ends it
   */
  watchProcess(): () => void {
    return watchProcess((error, isRejection) => {
      const at = isRejection ? context.active() : contextOfException();
      this.link.report({
        error,
        foundBy: isRejection ? 'unhandledRejection' : 'uncaughtException',
        level: isRejection ? 'error' : 'fatal',
        context: at,
        request: requestOf(at),
        when: (callback) => process.nextTick(callback),
      });
    });
  }

  countIn(cells: CellRegistry): void {
    this.#count = countErrors(cells);
    if (this.#organization !== '') tellTraceUrl(cells, this.#organization);
  }
}

function requestOf(at: Context): FailedRequest | undefined {
  const request = requestIn(at);
  return request && { identity: request, attributes: () => requestAttributes(request, undefined) };
}

/** The servers of Sentry that the process sends to, be it the agent or the service. */
export class SentryServers {
  readonly #servers = new Set<string>();

  add({ protocol, host, port }: NonNullable<ReturnType<OwnClient['getDsn']>>): void {
    this.#servers.add(`${host}:${port || (protocol === 'https' ? 443 : 80)}`);
  }

  readonly has: OwnServer = (address, port) => this.#servers.has(`${address}:${port}`);
}
