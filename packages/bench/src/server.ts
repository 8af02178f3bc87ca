import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, repositoryRoot } from '@payments/local-stack';
import type { Variant } from './variants.ts';

/** What the servers of a run have in common. */
export interface Surroundings {
  /** The Node.js to run them on. */
  readonly node: string;
  /** Such as `24.21.0`. */
  readonly nodeVersion: string;
  readonly serverPrefix: readonly string[];
  /** Where variants send what they have to send. */
  readonly sinkUrl: string;
}

/** Kinds of a process's memory, in bytes. */
export interface MemoryKinds {
  readonly resident: number;
  /** Of the JavaScript heap, after a garbage collection. */
  readonly heapInUse: number;
  /** What the heap has from the system, before it. */
  readonly heapHeld: number;
  /** Outside the heap: the most at a time until then. */
  readonly allocatedByV8: number;
}

/** A process under measurement. Frozen, it uses nothing; all that it used until it is asked counts. */
export interface Server {
  readonly port: number;
  /** Port of the variant's own listener for scrapes. */
  readonly metricsPort: number;
  /** Microseconds of CPU of all its threads since it was started. */
  cpu(): Promise<number>;
  /** Collects garbage. */
  memory(): Promise<MemoryKinds>;
  startAllocation(): Promise<unknown>;
  /** Bytes of heap since {@link startAllocation}, and microseconds in which garbage collections held it up. */
  stopAllocation(): Promise<{ allocated: number; collecting: number }>;
  freeze(): void;
  thaw(): void;
  /** The end of what it wrote on stderr. */
  stderr(): string;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;

/**
 * V8 lets the young generation grow with what has survived since the start: whoever loads more gets there sooner, in the end
 * all do. With one size in megabytes for all, memory and collections are those of services that have run for long.
 */
const YOUNG_GENERATION = ['--min-semi-space-size=16', '--max-semi-space-size=16'];

const CONTROL = fileURLToPath(new URL('../programs/control.cjs', import.meta.url));

/**
 * Starts a program under a variant, on the servers' core, and waits until it listens.
 *
 * @param program absolute path
 * @throws Error with the end of what it wrote on stderr when it does not come up
 */
export async function startServer(
  program: string,
  variant: Variant,
  env: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): Promise<Server> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const child = spawnUnder(
    variant,
    [...YOUNG_GENERATION, '-r', CONTROL],
    program,
    { ...env, PORT: String(port) },
    metricsPort,
    surroundings,
  );
  const stderr = stderrOf(child);
  await listening(child, port, variant.name, stderr);
  return {
    port,
    metricsPort,
    stderr,
    cpu: () => ask(child, 'cpu'),
    memory: () => ask(child, 'memory'),
    startAllocation: () => ask(child, 'start-allocation'),
    stopAllocation: () => ask(child, 'stop-allocation'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => kill(child),
  };
}

/**
 * Starts a program that says one thing over its channel, and answers that.
 *
 * @throws Error with the end of what it wrote on stderr when it ends without a word
 */
export async function runOnce<T>(
  program: string,
  variant: Variant,
  env: Readonly<Record<string, string>>,
  surroundings: Surroundings,
): Promise<T> {
  const child = spawnUnder(variant, [], program, env, await freePort(), surroundings);
  const said = stderrOf(child);
  const ended = once(child, 'close').then(() => {
    throw new Error(said().trim() || `it ended without a word (${child.signalCode ?? `exit code ${child.exitCode}`})`);
  });
  const [message] = await Promise.race([once(child, 'message'), ended]).finally(() => kill(child));
  return message as T;
}

function spawnUnder(
  variant: Variant,
  options: readonly string[],
  program: string,
  env: Readonly<Record<string, string>>,
  metricsPort: number,
  { node, serverPrefix, sinkUrl }: Surroundings,
): ChildProcess {
  const [command = node, ...args] = [...serverPrefix, node, ...options, ...variant.nodeOptions, program];
  const child = spawn(command, args, {
    cwd: repositoryRoot,
    // Nothing of the developer's shell: an OTEL_… variable there would change what is measured.
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      ...env,
      ...variant.env({ metricsPort, sinkUrl }),
    },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  const killNow = () => child.kill('SIGKILL');
  process.once('exit', killNow);
  child.once('exit', () => process.off('exit', killNow));
  return child;
}

async function listening(child: ChildProcess, port: number, name: string, said: () => string): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    if (await accepts(port)) return;
    await delay(20);
  }
  await kill(child);
  throw new Error(`the server does not start under ${name}: ${said().trim() || 'it said nothing on stderr'}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function stderrOf(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-2000);
  });
  return () => text;
}

async function ask<T>(child: ChildProcess, question: string): Promise<T> {
  const answer = once(child, 'message');
  child.send(question);
  const [message] = await answer;
  return message as T;
}

/** Resolves when it has ended and what it wrote has been read. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const closed = once(child, 'close');
  child.kill('SIGKILL');
  await closed;
}
