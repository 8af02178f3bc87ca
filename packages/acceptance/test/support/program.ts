import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { type ExitResult, repositoryRoot, startProcess, waitForOutput } from '@payments/local-stack';
import { type MetricsPage, scrape, scrapeAtRest } from './metrics-page.ts';

/** NODE_UNDER_TEST=/path/to/node runs the programs, and not the tests, with another Node.js. */
export const nodeUnderTest = process.env.NODE_UNDER_TEST ?? process.execPath;

export function majorOf(node: string): number {
  return Number(/\d+/.exec(execFileSync(node, ['--version'], { encoding: 'utf8' }))?.[0]);
}

/** The major version of the Node.js that the programs run with. */
export const nodeMajor = majorOf(nodeUnderTest);

const PROGRAMS = resolve(repositoryRoot, 'packages/acceptance/programs');

interface ProgramOptions {
  /** Default: the Node.js under test. */
  node?: string;
  /** Default: `-r ./otel/register`; empty for the program without the agent. */
  nodeArguments?: string[];
  args?: string[];
  env?: Record<string, string>;
  /** Of `ulimit`, such as `-n 40`. */
  limits?: string;
}

/** A program of packages/acceptance/programs that runs. */
export interface Program {
  /** Of its first server, without a slash at the end. */
  readonly url: string;
  /** Of all its servers, as it has said them. */
  readonly urls: string[];
  readonly pid: number;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Takes a step of {@link ../../programs/steps.cjs}: what it returned. @throws AssertionError when it failed */
  // biome-ignore lint/suspicious/noExplicitAny: a test says what it expects of a step by asserting it
  step(name: string, init?: RequestInit): Promise<any>;
  /** Where its metrics are, once it has said so. */
  metricsUrl(): Promise<string>;
  /** Its metrics once no request is in flight. */
  scrape(): Promise<MetricsPage>;
  /** Its metrics now. */
  scrapeNow(): Promise<MetricsPage>;
  stop(): Promise<ExitResult>;
  /** How it ended, when it does by itself. */
  readonly exited: Promise<ExitResult>;
}

/** Starts a program and waits until it listens. */
export async function startProgram(name: string, options: ProgramOptions = {}): Promise<Program> {
  const running = await launch(name, options);
  const said = await waitForOutput(running, name, () => /^listening on (.*)$/m.exec(running.stdout())?.[1]);
  const metricsUrl = () =>
    waitForOutput(running, `the metrics of ${name}`, () => /(http:\S+\/metrics)/.exec(running.stderr())?.[1]);
  const urls = said.split(' ');
  const [url = ''] = urls;
  return {
    url,
    urls,
    pid: running.pid,
    stdout: running.stdout,
    stderr: running.stderr,
    async step(step, init) {
      const response = await fetch(`${url}/${step}`, init);
      const text = await response.text();
      assert.equal(response.status, 200, `${name}, step ${step}: ${text}`);
      return JSON.parse(text);
    },
    metricsUrl,
    scrape: async () => scrapeAtRest(await metricsUrl()),
    scrapeNow: async () => scrape(await metricsUrl()),
    stop: () => running.stop(),
    exited: running.exited,
  };
}

export interface Ended extends ExitResult {
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end: how it ended and what it wrote. */
export async function runProgram(name: string, options: ProgramOptions = {}): Promise<Ended> {
  const running = await launch(name, options);
  const { code, signal } = await running.exited;
  return { code, signal, stdout: running.stdout(), stderr: running.stderr() };
}

/** What the program itself wrote, to compare with what it writes without the agent. */
export function withoutAgentLines(ended: Ended): Ended {
  return { ...ended, stderr: ended.stderr.replace(/^otel: .*\n(?: {6}.*\n)*/gm, '') };
}

function launch(
  name: string,
  { node = nodeUnderTest, nodeArguments = ['-r', './otel/register'], args = [], env = {}, limits }: ProgramOptions,
) {
  const command = [node, ...nodeArguments, resolve(PROGRAMS, name), ...args];
  const [file = node, ...rest] = limits ? ['sh', '-c', `ulimit ${limits} && exec "$@"`, 'sh', ...command] : command;
  return startProcess(file, rest, {
    cwd: repositoryRoot,
    env: { PATH: process.env.PATH, OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
  });
}
