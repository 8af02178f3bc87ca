import { fileURLToPath } from 'node:url';
import { onFreePort } from '../ports.ts';
import { startProcess, waitForOutput } from '../process.ts';

export interface Spotlight {
  /** The page for a browser. */
  readonly url: string;
  /** What makes a service send its errors and spans there. */
  readonly environment: Readonly<Record<string, string>>;
  /** Settles when it has ended. */
  readonly exited: Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface SpotlightOptions {
  /** Default: a free one. */
  port?: number;
  logFile?: string | undefined;
}

/** Has a lock file of its own: who does not look at errors need not install it. */
const folder = fileURLToPath(new URL('../../spotlight', import.meta.url));

/**
 * Starts Spotlight, Sentry's own local server, on this machine: it keeps the errors and traces that services send there in memory, and
 * shows them in a browser. It must be installed: see
 * scripts/set-up.mjs.
 *
 * @throws Error with its last lines when it does not start
 */
export async function startSpotlight({ port, logFile }: SpotlightOptions = {}): Promise<Spotlight> {
  return port === undefined ? onFreePort((free) => start(free, logFile)) : start(port, logFile);
}

async function start(port: number, logFile: string | undefined): Promise<Spotlight> {
  const running = await startProcess(process.execPath, ['server.mjs', String(port)], { cwd: folder, logFile });
  const isUp = () => /listening on port \d/.test(running.stdout()) || undefined;
  await waitForOutput(running, `Spotlight on port ${port}`, isUp);
  return {
    url: `http://localhost:${port}`,
    environment: spotlightEnvironment('localhost', port),
    exited: running.exited,
    stop: () => running.stop(),
  };
}

/** What makes a service send its errors and spans to a Spotlight. */
export function spotlightEnvironment(host: string, port: number): Record<string, string> {
  return {
    SENTRY_DSN: `http://spotlight@${host}:${port}/1`,
    SENTRY_TRACES_SAMPLE_RATE: '1',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
  };
}
