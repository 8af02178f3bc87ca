import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stopLeftOver } from './left-over.ts';
import { type ManagedProcess, outputTail, startProcess, waitForOutput } from './process.ts';

export const serviceNames = ['api-gateway', 'auth', 'payments', 'admin', 'profile'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Absolute path of the repository's root. */
export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url));

export interface ServiceOptions {
  name: ServiceName;
  /** Added to this process's environment. */
  env: Record<string, string>;
  /** Whether the telemetry agent is loaded, as `node -r ./otel/register`. Default: no. */
  agent?: boolean;
  /** Where it is started, laid out as its image: the service itself, and the agent in otel/. Default: the repository. */
  folder?: string;
  /** Default: a free one, which the service logs; LOG_LEVEL must be `info` or finer then. */
  port?: number;
  logFile?: string | undefined;
  /** Holds the pid while the service runs, for {@link stopLeftOverService}. */
  pidFile?: string | undefined;
}

export interface Service extends ManagedProcess {
  readonly name: ServiceName;
  /** Such as `http://127.0.0.1:3000`, with no slash at the end. */
  readonly url: string;
  /** The metrics listener's address, once the agent has said it on stderr. */
  readonly metricsUrl: string | undefined;
}

/** A service needs up to ten seconds to answer what it has accepted; only then it is killed. */
const STOP_TIMEOUT_MS = 12_000;
const START_TIMEOUT_MS = 30_000;

/**
 * Starts one service from the repository's root, as `node -r ./otel/register services/<name>/dist/main.js`, or from the folder
 * of its image, and waits until it says that it is ready.
 *
 * @throws Error with the service's last lines when it ends first or is not ready within 30 seconds.
 */
export async function startService({
  name,
  env,
  agent = false,
  folder,
  port,
  logFile,
  pidFile,
}: ServiceOptions): Promise<Service> {
  const cwd = folder ?? repositoryRoot;
  const main = folder === undefined ? mainOf(name) : join('dist', 'main.js');
  if (!existsSync(join(cwd, main))) throw new Error(`${main} is missing: run npm run build first`);
  const running = await startProcess(process.execPath, [...(agent ? ['-r', './otel/register'] : []), main], {
    cwd,
    env: { ...process.env, ...env, PORT: String(port ?? 0) },
    stopTimeoutMs: STOP_TIMEOUT_MS,
    logFile,
  });
  if (pidFile !== undefined) {
    writeFileSync(pidFile, `${running.pid}\n`);
    void running.exited.then(() => rmSync(pidFile, { force: true }));
  }
  const listening = port ?? (await waitForOutput(running, name, () => portLogged(running.stdout()), START_TIMEOUT_MS));
  const url = `http://127.0.0.1:${listening}`;
  await waitUntilReady(running, name, url);
  // `running` has getters: they must stay getters.
  return Object.defineProperties(
    { name, url },
    {
      ...Object.getOwnPropertyDescriptors(running),
      metricsUrl: { get: () => metricsUrlSaid(running.stderr()), enumerable: true },
    },
  ) as Service;
}

/** The program of a service, relative to the repository's root. */
export function mainOf(name: ServiceName): string {
  return join('services', name, 'dist', 'main.js');
}

/** Ends the service whose pid a killed run left in `pidFile`, if it still runs. */
export async function stopLeftOverService(name: ServiceName, pidFile: string): Promise<void> {
  await stopLeftOver({ pidFile, cwd: repositoryRoot, command: mainOf(name), signal: 'SIGTERM' });
}

function portLogged(stdout: string): number | undefined {
  const line = stdout.split('\n').find((text) => text.includes('"listening"') && text.endsWith('}'));
  return line === undefined ? undefined : (JSON.parse(line) as { port: number }).port;
}

function metricsUrlSaid(stderr: string): string | undefined {
  return /https?:\/\/[^\s"',]+\/metrics/.exec(stderr)?.[0];
}

async function waitUntilReady(running: ManagedProcess, name: string, url: string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let last = 'no answer';
  while (running.running && Date.now() < deadline) {
    try {
      const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(2_000) });
      last = `${response.status} ${await response.text()}`;
      if (response.ok) return;
    } catch {
      // It does not listen yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  const ended = running.running ? undefined : await running.exited;
  await running.stop();
  const reason = ended
    ? `ended with ${ended.signal ?? `exit code ${ended.code}`} while starting`
    : `was not ready: ${last}`;
  throw new Error(`${name} ${reason}\n${outputTail(running)}`);
}
