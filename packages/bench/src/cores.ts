import { execFileSync, spawnSync } from 'node:child_process';

/** Which processor cores the servers have for themselves; everything else (load, databases, sink) runs on the others. */
export interface Cores {
  /** What comes before a server's command line. */
  readonly serverPrefix: readonly string[];
  /** For the report. */
  readonly description: string;
}

/**
 * Moves this process, and so all that it starts from now on, away from the first core, which is the servers' own. Without
 * taskset (util-linux) or with a single core nothing is moved, and the description says so.
 */
export function divideCores(): Cores {
  try {
    const said = execFileSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' });
    const cores = coresIn(said.slice(said.lastIndexOf(':') + 1));
    const [first, ...others] = cores;
    if (first === undefined || others.length === 0) return unpinned('this machine lends us a single core');
    execFileSync('taskset', ['-acp', others.join(','), String(process.pid)], { stdio: 'ignore' });
    return {
      serverPrefix: ['taskset', '-c', String(first), ...endWithParent()],
      description: `server on core ${first}, load and databases on ${others.join(',')}`,
    };
  } catch {
    return unpinned('taskset (util-linux) is not there');
  }
}

/** Ends a server when this process is killed: a frozen one would stay for good. Where setpriv (util-linux) is there. */
function endWithParent(): string[] {
  const prefix = ['setpriv', '--pdeathsig', 'KILL'];
  return spawnSync(prefix[0]!, [...prefix.slice(1), 'true']).status === 0 ? prefix : [];
}

/** The numbers in a list such as `0-3,6`. */
export function coresIn(list: string): number[] {
  return list
    .trim()
    .split(',')
    .flatMap((part) => {
      const [from = 0, to = from] = part.split('-').map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
}

function unpinned(why: string): Cores {
  return { serverPrefix: [], description: `server and load share all cores, for ${why}: expect a wide spread` };
}
