import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';
import type { TestContext } from 'node:test';
import { ensureInstalled } from '@payments/local-stack';

export interface Verdict {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program over an input to its end. */
export async function judge(command: string, args: readonly string[], input = ''): Promise<Verdict> {
  const child = spawn(command, args);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [code, ...output] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, output: output.join('') };
}

/** Debian's own, which has Debian's packages. */
const PYTHON = '/usr/bin/python3';

const PARSE = `
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = list(text_string_to_metric_families(sys.stdin.buffer.read().decode('utf-8')))
print(len(families))
`;

/**
 * Asserts that the OpenMetrics parser of Python's client library reads a page, and finds so many families. It is installed where
 * it can be, and the test is skipped where it cannot.
 */
export async function assertPythonReads(t: TestContext, page: string, families: number): Promise<void> {
  try {
    await ensureInstalled(
      'prometheus_client for Python',
      () => spawnSync(PYTHON, ['-c', 'import prometheus_client.openmetrics.parser']).status === 0 || undefined,
      'python3-prometheus-client',
    );
  } catch (error) {
    t.skip((error as Error).message);
    return;
  }
  assert.deepEqual(await judge(PYTHON, ['-c', PARSE], page), { code: 0, output: `${families}\n` });
}
