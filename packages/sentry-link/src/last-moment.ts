import { spawnSync } from 'node:child_process';
import { isBuiltin } from 'node:module';

/** Posts what it reads from stdin. In a process of its own: this one is ending, and waits for nothing asynchronous. */
const PROGRAM = `
  const { url, headers, bodies } = JSON.parse(require('node:fs').readFileSync(0, 'utf8'));
  const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
  const fail = () => { process.exitCode = 1; };
  for (const body of bodies) {
    request(url, { method: 'POST', headers }, (response) => {
      if (response.statusCode >= 300) fail();
      response.resume();
    }).on('error', fail).end(body);
  }`;

/** Milliseconds in which nothing can be posted; as a timeout, 0 would be none. */
const SHORTEST = 50;

/**
 * Posts before it returns, for a process that ends now.
 *
 * @param env of the process
 * @param timeout in milliseconds
 * @returns whether all was taken; false where no process may be started
 */
export function postNow(
  posts: { url: string; headers: Record<string, string>; bodies: (string | Uint8Array)[] },
  env: NodeJS.ProcessEnv,
  timeout: number,
): boolean {
  // The service itself would be started.
  if (isSingleExecutable() || timeout < SHORTEST) return false;
  const bodies = posts.bodies.map((body) => (typeof body === 'string' ? body : Buffer.from(body).toString()));
  const { status } = spawnSync(process.execPath, ['-e', PROGRAM], {
    input: JSON.stringify({ ...posts, bodies }),
    // Without the agent, whatever brought it in here.
    env: { ...env, NODE_OPTIONS: '', ELECTRON_RUN_AS_NODE: '1' },
    timeout: Math.ceil(timeout),
    killSignal: 'SIGKILL',
    stdio: ['pipe', 'ignore', 'ignore'],
    windowsHide: true,
  });
  return status === 0;
}

/** Whether the program is one with its Node.js (`node:sea`). */
function isSingleExecutable(): boolean {
  return isBuiltin('node:sea') && (process.getBuiltinModule('node:sea') as { isSea(): boolean }).isSea();
}
