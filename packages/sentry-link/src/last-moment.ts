/**
 * Runs a program of JavaScript, which reads its input from file descriptor 0, to its end in a process of its own.
 *
 * @param longest in milliseconds
 * @returns whether it ended with 0
 */
export type RunInExit = (program: string, input: string, longest: number) => boolean;

/** Posts what it reads. */
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

/**
 * Posts before it returns, for a process that ends now.
 *
 * @param longest in milliseconds
 * @returns whether all was taken
 */
export function postNow(
  posts: { url: string; headers: Record<string, string>; bodies: (string | Uint8Array)[] },
  run: RunInExit,
  longest: number,
): boolean {
  const bodies = posts.bodies.map((body) => (typeof body === 'string' ? body : Buffer.from(body).toString()));
  return run(PROGRAM, JSON.stringify({ ...posts, bodies }), longest);
}
