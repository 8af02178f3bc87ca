import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import * as ports from '../../../packages/local-stack/src/ports.ts';

/** NODE_UNDER_TEST=/path/to/node runs the services, and not the tests, with another Node.js. */
export const node = process.env.NODE_UNDER_TEST ?? process.execPath;

const AGENT = path.join(__dirname, '..', '..');

/** A folder as a user has it: `otel/` with the built agent, and the service's files; gone when the test ends. */
export function serviceFolder(
  t: TestContext,
  files: Record<string, string>,
  agentFiles = ['register.js', 'dist/agent.cjs'],
) {
  const folder = mkdtempSync(path.join(tmpdir(), 'otel-register-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of agentFiles) cpSync(path.join(AGENT, file), path.join(folder, 'otel', file));
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
}

export interface RunOptions {
  readonly cwd: string;
  /** What is run in place of Node.js. */
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Record<string, string>;
}

/** A started process and what it has written so far. */
export interface Running {
  readonly process: ChildProcess;
  readonly output: { stdout: string; stderr: string };
  /** Settles when stdout and stderr together match; fails when the process ends first. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  /** How it ended. */
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stdout: string; stderr: string }>;
}

/** Runs exactly `node -r ./otel/register dist/main.js` unless `args` say otherwise; killed when the test ends. */
export function run(
  t: TestContext,
  { cwd, command = node, args = ['-r', './otel/register', 'dist/main.js'], env = {} }: RunOptions,
): Running {
  const child = spawn(command, args, {
    cwd,
    env: { PATH: process.env.PATH ?? '', OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  // With whatever it has started.
  t.after(() => child.pid && kill(-child.pid));
  const output = { stdout: '', stderr: '' };
  const listeners = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
      for (const listener of listeners) listener();
    });
  }
  const ended = new Promise<Awaited<Running['ended']>>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  const until = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output.stdout + output.stderr);
        if (match) resolve(match);
      };
      listeners.add(look);
      look();
      void ended.then(() => reject(new Error(`it ended without ${pattern}: ${output.stdout}${output.stderr}`)));
    });
  return { process: child, output, until, ended };
}

/** Kills a process, or a group of them, unless it has ended. */
export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** The URL that the agent's start line names. */
export async function metricsUrl({ until }: Running): Promise<string> {
  return (await until(/metrics of \S+ on (http:\S+\/metrics)/))[1] as string;
}

/** What the agent, or several, have said so far. */
export const linesOf = ({ output }: Running): string[] => output.stderr.match(/^otel: .*$/gm) ?? [];

export const freePort = async (): Promise<string> => String(await ports.freePort());

/** The page, once it has that: a request is counted when its answer has left, a little after its client has it. */
export async function pageWith(url: string, pattern: RegExp, headers: Record<string, string> = {}): Promise<string> {
  for (const start = Date.now(); ; await setTimeout(20)) {
    const page = await (await fetch(url, { headers })).text();
    if (pattern.test(page)) return page;
    if (Date.now() - start > 60_000) assert.match(page, pattern);
  }
}

/** A service that answers "hello", says its port, and ends itself when the test forgets to. */
export const HELLO = `
const server = require('node:http').createServer((request, response) => response.end('hello'));
server.listen(0, () => console.log('service on ' + server.address().port));
`;
