import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureCommand } from './ensure-command.ts';
import { stopLeftOver } from './left-over.ts';
import { freePort, onFreePort } from './ports.ts';
import { type ManagedProcess, type ProcessOptions, startProcess, waitForOutput } from './process.ts';

export interface Rabbitmq {
  readonly url: string;
  /** Settles when the server has ended. */
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface RabbitmqOptions {
  /** Made when missing; keeps durable queues and their messages. One run at a time may use it. */
  dataDir: string;
  /** Default: a free one. */
  port?: number;
  logFile?: string | undefined;
  /** Called before rabbitmq-server is installed, which takes some seconds. */
  onInstall?: () => void;
}

/** Debian's command of that name serves only one account and only one server: this is what it starts. */
const BEHIND_THE_COMMAND = '/usr/lib/rabbitmq/bin/rabbitmq-server';

/**
 * Starts rabbitmq-server on 127.0.0.1, with the user guest; installs it first where it may (root on Debian). It shares nothing
 * with another RabbitMQ of the machine: the name server of Erlang, which it cannot do without, is its own as well.
 *
 * @throws Error that says how to get RabbitMQ, or has the server's own last lines.
 */
export async function startRabbitmq(options: RabbitmqOptions): Promise<Rabbitmq> {
  const found = await ensureCommand('rabbitmq-server', 'rabbitmq-server', options.onInstall);
  const command = existsSync(BEHIND_THE_COMMAND) ? BEHIND_THE_COMMAND : found;
  const epmd = await ensureCommand('epmd', 'erlang-base', options.onInstall);
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(join(dataDir, 'enabled_plugins'), '[].\n');
  for (const name of ['beam', 'epmd']) {
    await stopLeftOver({ pidFile: join(dataDir, `${name}.pid`), cwd: dataDir, command: name, signal: 'SIGKILL' });
  }

  const names = await onFreePort((port) => startNameServer(epmd, dataDir, port));
  const start = async (port: number) => {
    const server = await startNamed('beam', command, [], {
      cwd: dataDir,
      env: { ...names.environment, ...(await serverEnvironment(dataDir, port)) },
      logFile: options.logFile,
    });
    const isUp = () => /Server startup complete/.test(server.stdout()) || undefined;
    await waitForOutput(server, `RabbitMQ on port ${port}`, isUp, 60_000);
    return { server, port };
  };
  try {
    const { server, port } = options.port === undefined ? await onFreePort(start) : await start(options.port);
    return {
      url: `amqp://guest:guest@127.0.0.1:${port}`,
      exited: server.exited,
      async stop() {
        await server.stop();
        await names.process.stop();
      },
    };
  } catch (error) {
    await names.process.stop();
    throw error;
  }
}

/** Erlang starts one as a daemon, which stays, unless one is there. */
async function startNameServer(epmd: string, dataDir: string, port: number) {
  const environment = { PATH: process.env.PATH, ERL_EPMD_PORT: String(port), ERL_EPMD_ADDRESS: '127.0.0.1' };
  const running = await startNamed('epmd', epmd, ['-debug', '-debug'], { cwd: dataDir, env: environment });
  const isUp = () => /entering the main select\(\) loop/.test(running.stderr()) || undefined;
  await waitForOutput(running, `epmd on port ${port}`, isUp);
  return { process: running, environment };
}

async function serverEnvironment(dataDir: string, port: number): Promise<NodeJS.ProcessEnv> {
  return {
    /** Of the cookie that Erlang writes. */
    HOME: dataDir,
    RABBITMQ_NODENAME: 'rabbit@localhost',
    RABBITMQ_NODE_IP_ADDRESS: '127.0.0.1',
    RABBITMQ_NODE_PORT: String(port),
    RABBITMQ_DIST_PORT: String(await freePort()),
    RABBITMQ_MNESIA_BASE: join(dataDir, 'mnesia'),
    RABBITMQ_LOG_BASE: join(dataDir, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_ENABLED_PLUGINS_FILE: join(dataDir, 'enabled_plugins'),
    RABBITMQ_CONFIG_FILE: join(dataDir, 'none'),
    RABBITMQ_ADVANCED_CONFIG_FILE: join(dataDir, 'none'),
    RABBITMQ_CONF_ENV_FILE: join(dataDir, 'none'),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}',
    /** Without a shell between us and the server that would have to pass signals on. */
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

/** Leaves its pid for the next run, in case this one is killed. */
async function startNamed(name: string, command: string, args: string[], options: ProcessOptions & { cwd: string }) {
  const running: ManagedProcess = await startProcess(command, args, options);
  writeFileSync(join(options.cwd, `${name}.pid`), String(running.pid));
  return running;
}
