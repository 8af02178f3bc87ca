import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/**
 * Stops a process (SIGSTOP) until `signal` aborts, `seconds` at the longest, and lets it go on (SIGCONT). A second process does
 * that, in a group of its own: it lets the other go on as well when this one is killed, whose end closes a pipe between
 * them, or stands still itself.
 *
 * @throws Error when the process cannot be stopped
 */
export async function whileStopped(pid: number, signal: AbortSignal, seconds: number): Promise<void> {
  const keeper = spawn(process.execPath, [keeperFile, String(pid), String(seconds)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH },
  });
  keeper.stdin.on('error', () => {});
  let complaint = '';
  keeper.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const end = () => keeper.stdin.end();
  signal.addEventListener('abort', end, { once: true });
  if (signal.aborted) end();
  try {
    const [code] = await once(keeper, 'close');
    if (code !== 0)
      throw new Error(`process ${pid} could not be kept stopped: ${complaint.trim() || `exit code ${code}`}`);
  } finally {
    signal.removeEventListener('abort', end);
    // Again, in case that the second process was killed.
    try {
      process.kill(pid, 'SIGCONT');
    } catch {
      // It was ended meanwhile.
    }
  }
}

const keeperFile = fileURLToPath(new URL('./stop-and-continue.js', import.meta.url));
