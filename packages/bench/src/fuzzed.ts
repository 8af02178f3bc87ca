import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { steadyLoad } from '@payments/local-stack';
import type { Measuring } from './measure.ts';
import type { FuzzedResults } from './results.ts';
import { type Server, startServer } from './server.ts';
import { compare, type Pair, quantile } from './statistics.ts';
import { type Variant, variants } from './variants.ts';

const program = (name: string) => fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
const metrics = variants.find(({ name }) => name === 'ours-metrics') as Variant;

/** Requests of the service and malformed ones to the port of its metrics, a second: of those 100,000 in a minute. */
const [REQUESTS, MALFORMED] = [500, 1667];
const SECONDS = 5;

/**
 * How long a service under a steady load takes to answer, without and with malformed requests and slow clients at the port of its
 * metrics.
 */
export async function measureFuzzed(
  pairs: number,
  { surroundings, say }: Pick<Measuring, 'surroundings' | 'say'>,
): Promise<FuzzedResults> {
  const server = await startServer(program('echo.cjs'), metrics, {}, surroundings);
  const medians: Pair[] = [];
  const slowest: Pair[] = [];
  try {
    await latencies(server);
    for (let pair = 1; pair <= pairs; pair++) {
      say(`fuzzed, pair ${pair} of ${pairs}`);
      const alone = await latencies(server);
      const fuzzer = startFuzzer(server);
      await delay(1000);
      const fuzzed = await latencies(server).finally(() => end(fuzzer));
      medians.push([quantile(alone, 0.5), quantile(fuzzed, 0.5)]);
      slowest.push([quantile(alone, 0.99), quantile(fuzzed, 0.99)]);
    }
  } finally {
    await server.stop();
  }
  return {
    ...{ requestsPerSecond: REQUESTS, malformedPerSecond: MALFORMED, pairs },
    ...{ p50Milliseconds: compare(medians), p99Milliseconds: compare(slowest) },
  };
}

/** @throws Error when an answer is wrong */
async function latencies({ port }: Server): Promise<readonly number[]> {
  const stop = steadyLoad(`http://127.0.0.1:${port}`, REQUESTS);
  await delay(SECONDS * 1000);
  const { latencies, wrong } = await stop();
  if (wrong.length > 0) throw new Error(`the service answered ${wrong[0]}`);
  return latencies;
}

/** At the lowest priority: the load, on the same core, is not to wait for it. */
function startFuzzer({ metricsPort }: Server): ChildProcess {
  const args = [program('fuzz.mjs'), String(metricsPort), String(MALFORMED)];
  return spawn('nice', ['-n', '19', process.execPath, ...args], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'close');
}
