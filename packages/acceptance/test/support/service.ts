import * as local from '@payments/local-stack';

let underAgent = false;

/** From now on the services of this test file run under the telemetry agent. */
export function useAgent(): void {
  underAgent = true;
}

/**
 * Starts a service as local-stack does: bare, or under the agent in a file that called {@link useAgent}. The agent says
 * nothing on stderr unless something is off, so a test can ask of both that stderr is empty.
 */
export function startService({ env, ...options }: local.ServiceOptions): Promise<local.Service> {
  const quiet = { OTEL_EXPORTER_PROMETHEUS_PORT: '0', OTEL_LOG_LEVEL: 'warn' };
  return local.startService({ agent: underAgent, ...options, env: { ...quiet, ...env } });
}
