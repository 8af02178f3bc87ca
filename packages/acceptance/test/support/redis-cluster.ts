import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, onFreePort, startProcess, waitForOutput } from '@payments/local-stack';
import { until } from './until.ts';

const run = promisify(execFile);

/** Slots of a cluster's keys. */
const SLOTS = 16_384;

export interface RedisCluster {
  /** Of its three servers, each of which has a third of the slots, in order. */
  readonly ports: readonly number[];
  /** The answer of one server to a command. */
  ask(port: number, ...command: string[]): Promise<string>;
  /** How often a server has sent somebody elsewhere, with MOVED or ASK. */
  redirections(port: number): Promise<number>;
  /** The slot of a key, and which server has it. */
  ownerOf(key: string): Promise<{ slot: string; port: number }>;
  /** Gives the slot of a key, which has no keys, to another server: whoever asks the old one is told MOVED. */
  move(key: string): Promise<{ from: number; to: number }>;
  /** Begins to give it to another server: whoever asks for a key that is not there is told ASK. */
  beginToMove(key: string): Promise<{ from: number; to: number; end(): Promise<void> }>;
  stop(): Promise<void>;
}

/** Starts a Redis cluster of three servers on the loopback. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'acceptance-redis-cluster-'));
  const servers = await Promise.all([0, 1, 2].map((number) => onFreePort((port) => startNode(folder, number, port))));
  const ports = servers.map(({ port }) => port);

  const ask = async (port: number, ...command: string[]) =>
    (await run('redis-cli', ['-p', String(port), ...command])).stdout.trim();
  const addresses = ports.map((port) => `127.0.0.1:${port}`);
  await run('redis-cli', ['--cluster', 'create', ...addresses, '--cluster-yes']);
  await until('the cluster is ready', async () => {
    const states = await Promise.all(ports.map((port) => ask(port, 'CLUSTER', 'INFO')));
    return states.every((state) => state.includes('cluster_state:ok') && state.includes(`slots_ok:${SLOTS}`));
  });

  const idOf = (port: number) => ask(port, 'CLUSTER', 'MYID');
  const ownerOf = async (key: string) => {
    const slot = await ask(ports[0] as number, 'CLUSTER', 'KEYSLOT', key);
    for (const port of ports) {
      const answer = await ask(port, 'GET', key);
      if (!answer.startsWith('MOVED')) return { slot, port };
    }
    throw new Error(`no server of the cluster has slot ${slot}`);
  };
  const begin = async (key: string) => {
    const { slot, port: from } = await ownerOf(key);
    const to = ports[(ports.indexOf(from) + 1) % ports.length] as number;
    await ask(to, 'CLUSTER', 'SETSLOT', slot, 'IMPORTING', await idOf(from));
    await ask(from, 'CLUSTER', 'SETSLOT', slot, 'MIGRATING', await idOf(to));
    return { slot, from, to };
  };

  return {
    ports,
    ask,
    ownerOf,
    async redirections(port) {
      const statistics = await ask(port, 'INFO', 'errorstats');
      const counts = Array.from(statistics.matchAll(/errorstat_(?:MOVED|ASK):count=(\d+)/g), ([, count]) =>
        Number(count),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async move(key) {
      const { slot, from, to } = await begin(key);
      const id = await idOf(to);
      // The new owner first: it makes its claim the newest one.
      for (const port of [to, ...ports]) await ask(port, 'CLUSTER', 'SETSLOT', slot, 'NODE', id);
      return { from, to };
    },
    async beginToMove(key) {
      const { slot, from, to } = await begin(key);
      const end = async () => {
        for (const port of [to, from]) await ask(port, 'CLUSTER', 'SETSLOT', slot, 'STABLE');
      };
      return { from, to, end };
    },
    async stop() {
      await Promise.all(servers.map(({ stop }) => stop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function startNode(folder: string, number: number, port: number) {
  const cwd = join(folder, String(number));
  mkdirSync(cwd, { recursive: true });
  const options = {
    ...{ port, bind: '127.0.0.1', dir: cwd, save: '', appendonly: 'no' },
    ...{ 'cluster-enabled': 'yes', 'cluster-port': await freePort(), 'cluster-node-timeout': 60_000 },
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const server = await startProcess('redis-server', args, { cwd });
  await waitForOutput(
    server,
    `Redis on port ${port}`,
    () => /Ready to accept connections/.test(server.stdout()) || undefined,
  );
  return { port, stop: () => server.stop() };
}
