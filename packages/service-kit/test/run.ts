import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

/** Runs a program of test/programs in a Node.js of its own, with that environment and PATH only. */
export function run(program: string, env: Record<string, string>) {
  const child = spawn(process.execPath, ['--import', 'tsx', join(__dirname, 'programs', program)], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }));

  /** Resolves with the first log line that has this message; rejects when the program ends without it. */
  async function logged(message: string): Promise<Record<string, unknown>> {
    for (;;) {
      const line = stdout.split('\n').find((text) => text.includes(`"msg":"${message}`) && text.endsWith('}'));
      if (line) return JSON.parse(line);
      const more = await Promise.race([once(child.stdout, 'data'), ended]);
      if (!Array.isArray(more)) throw new Error(`it ended without ${message}: ${stdout}${stderr}`);
    }
  }

  return { ended, logged, kill: (signal: NodeJS.Signals) => child.kill(signal) };
}
