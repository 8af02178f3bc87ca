import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { constants } from 'node:os';

export interface ExitResult {
  /** Exit code, or null when a signal ended the process. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface ProcessOptions extends Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'> {
  /** What `stop` sends first. */
  stopSignal?: NodeJS.Signals;
  /** How long `stop` waits, in milliseconds, before it sends SIGKILL. */
  stopTimeoutMs?: number;
  /** Ends it when this process must leave at once. Default: SIGKILL. */
  hurrySignal?: NodeJS.Signals;
  /** stdout and stderr are appended to this file too. */
  logFile?: string | undefined;
}

export interface ManagedProcess {
  readonly pid: number;
  /** Settles when the process has ended and all its output was read; never rejects. */
  readonly exited: Promise<ExitResult>;
  readonly running: boolean;
  /** What it printed so far (the last megabyte). */
  stdout(): string;
  stderr(): string;
  /** Calls back after each piece of output; the returned function ends that. */
  onOutput(listener: () => void): () => void;
  kill(signal: NodeJS.Signals): void;
  /** Asks it to end, then forces it; resolves when it is gone. Calling again is harmless. */
  stop(): Promise<ExitResult>;
}

const KEPT_OUTPUT = 1024 * 1024;

/** Children that still run, each with the signal that ends it when we must leave in a hurry. */
const alive = new Map<ChildProcess, NodeJS.Signals>();
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

function killAll(): void {
  for (const [child, signal] of alive) child.kill(signal);
}

/** For programs with no signal handling of their own, such as a test file; an ordered shutdown is theirs to do. */
function leaveOnSignal(signal: NodeJS.Signals): void {
  if (process.listenerCount(signal) > 1) return;
  process.exit(128 + constants.signals[signal]);
}

function keepTrack(child: ChildProcess, signal: NodeJS.Signals): void {
  if (alive.size === 0) {
    process.on('exit', killAll);
    for (const ending of ENDING_SIGNALS) process.on(ending, leaveOnSignal);
  }
  alive.set(child, signal);
  child.once('exit', () => {
    alive.delete(child);
    if (alive.size > 0) return;
    process.off('exit', killAll);
    for (const ending of ENDING_SIGNALS) process.off(ending, leaveOnSignal);
  });
}

/**
 * Starts a program in a process group of its own, so that a terminal's Ctrl-C reaches us alone and we decide the order
 * in which things stop. It does not outlive this process, unless this process is killed with SIGKILL.
 *
 * @throws Error when the program cannot be started.
 */
export async function startProcess(
  command: string,
  args: string[],
  options: ProcessOptions = {},
): Promise<ManagedProcess> {
  const { stopSignal = 'SIGTERM', stopTimeoutMs = 10_000, hurrySignal = 'SIGKILL', logFile, ...spawnOptions } = options;
  const child = spawn(command, args, { ...spawnOptions, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { stdout: '', stderr: '' };
  const log = logFile === undefined ? undefined : createWriteStream(logFile, { flags: 'a' });
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      if (output[name].length > 2 * KEPT_OUTPUT) output[name] = output[name].slice(-KEPT_OUTPUT);
      log?.write(text);
      for (const listener of listeners) listener();
    });
  }
  const exited = new Promise<ExitResult>((resolve) => {
    child.once('close', (code, signal) => {
      log?.end();
      resolve({ code, signal });
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (error) => reject(new Error(`${command} could not be started: ${error.message}`)));
  });
  keepTrack(child, hurrySignal);

  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid as number,
    exited,
    get running() {
      return isRunning();
    },
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    onOutput(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    kill: (signal) => child.kill(signal),
    async stop() {
      if (isRunning()) child.kill(stopSignal);
      const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      const result = await exited;
      clearTimeout(force);
      return result;
    },
  };
}

/** The last lines that a process printed, for an error message. */
export function outputTail(running: Pick<ManagedProcess, 'stdout' | 'stderr'>, lines = 15): string {
  return `${running.stdout()}${running.stderr()}`.trimEnd().split('\n').slice(-lines).join('\n');
}

/**
 * Waits until `check` answers something other than undefined, asked again after each piece of output.
 *
 * @throws Error with the end of the output when the process ends first or `timeoutMs` pass; it is stopped then.
 */
export async function waitForOutput<T>(
  running: ManagedProcess,
  what: string,
  check: () => T | undefined,
  timeoutMs = 30_000,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let unsubscribe: (() => void) | undefined;
  const found = new Promise<T>((resolve, reject) => {
    const look = () => {
      const value = check();
      if (value !== undefined) resolve(value);
    };
    unsubscribe = running.onOutput(look);
    look();
    timer = setTimeout(() => reject(new Error(`${what}: not ready after ${timeoutMs / 1000} s`)), timeoutMs);
  });
  const ended = running.exited.then(({ code, signal }): never => {
    throw new Error(`${what}: ended with ${signal ?? `exit code ${code}`} while starting`);
  });
  try {
    return await Promise.race([found, ended]);
  } catch (error) {
    await running.stop();
    throw new Error(`${(error as Error).message}\n${outputTail(running)}`);
  } finally {
    clearTimeout(timer);
    unsubscribe?.();
  }
}
