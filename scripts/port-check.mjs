import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { Explained } from './set-up.mjs';

/**
 * @param {string} name the service that will listen there
 * @param {number} port
 * @throws {Explained} when something listens on the port already
 */
export async function checkPortIsFree(name, port) {
  const server = createServer();
  const error = await new Promise((resolve) => {
    server.once('error', resolve);
    server.listen(port, () => server.close(() => resolve(undefined)));
  });
  if (error === undefined) return;
  if (error.code !== 'EADDRINUSE') throw new Explained(`Port ${port} (${name}) cannot be used: ${error.message}`);
  throw new Explained(
    `Port ${port}, which ${name} needs, is taken by ${owner(port)}. Stop that, then run npm start again.`,
  );
}

/** @param {number} port */
function owner(port) {
  try {
    const lsof = ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'];
    const fields = execFileSync('lsof', lsof, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return `process ${/^p(.+)$/m.exec(fields)?.[1]} (${/^c(.+)$/m.exec(fields)?.[1]})`;
  } catch {
    return `another program (see it with: ${process.platform === 'linux' ? 'ss -ltnp' : 'lsof -nP -iTCP -sTCP:LISTEN'})`;
  }
}
