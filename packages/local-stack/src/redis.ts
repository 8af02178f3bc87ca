import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ensureCommand, findCommand } from './ensure-command.ts';
import { stopLeftOver } from './left-over.ts';
import { onFreePort } from './ports.ts';
import { startProcess, waitForOutput } from './process.ts';

export interface Redis {
  readonly url: string;
  /** Settles when the server has ended; never for a server of somebody else. */
  readonly exited: Promise<unknown>;
  stop(): Promise<void>;
}

export interface RedisOptions {
  /** Made when missing. One run at a time may use it. */
  dataDir: string;
  /** Default: a free one. */
  port?: number;
  /** For tests: nothing is written to the disk. */
  throwAway?: boolean;
  logFile?: string | undefined;
  /** Called before redis-server is installed, which takes some seconds. */
  onInstall?: () => void;
}

/**
 * Starts redis-server or valkey-server on 127.0.0.1; installs redis-server first where it may (root on Debian).
 *
 * @throws Error that says how to get Redis, or has the server's own last lines.
 */
export async function startRedis(options: RedisOptions): Promise<Redis> {
  const command =
    findCommand('redis-server') ??
    findCommand('valkey-server') ??
    (await ensureCommand('redis-server', 'redis-server', options.onInstall).catch((error: Error) => {
      throw new Error(`${error.message} (or set REDIS_URL to a Redis server)`);
    }));
  const dataDir = resolve(options.dataDir);
  mkdirSync(dataDir, { recursive: true });
  const pidFile = join(dataDir, 'redis.pid');
  await stopLeftOver({ pidFile, cwd: dataDir, command: '-server', signal: 'SIGTERM' });

  const start = async (port: number) => {
    const persistence = options.throwAway ? ['--save', '', '--appendonly', 'no'] : ['--appendonly', 'yes'];
    const server = await startProcess(
      command,
      ['--port', String(port), '--bind', '127.0.0.1', '--dir', dataDir, '--pidfile', pidFile, ...persistence],
      { cwd: dataDir, hurrySignal: 'SIGTERM', logFile: options.logFile },
    );
    await waitForOutput(
      server,
      `Redis on port ${port}`,
      () => /Ready to accept connections/.test(server.stdout()) || undefined,
    );
    return { url: `redis://127.0.0.1:${port}`, exited: server.exited, stop: async () => void (await server.stop()) };
  };
  return options.port === undefined ? onFreePort(start) : start(options.port);
}

/** A server that somebody else runs. `stop` does nothing. */
export function externalRedis(url: string): Redis {
  return { url, exited: new Promise(() => {}), stop: async () => {} };
}
