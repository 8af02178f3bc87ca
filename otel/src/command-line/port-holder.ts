import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';

/** The process that listens on a port. */
export interface PortHolder {
  readonly pid: number;
  /** What it runs, without its arguments: those may hold secrets. */
  readonly program: string;
  /** Its working directory. */
  readonly folder: string;
}

/** `st` of a socket that listens, in /proc/net/tcp (proc_pid_net(5)). */
const LISTENING = '0A';

/** Who listens on a TCP port of this machine, where the system tells: Linux does of processes that this one may look into. */
export function portHolder(port: number): PortHolder | undefined {
  const inodes = new Set([...socketsListeningOn(port, '/proc/net/tcp'), ...socketsListeningOn(port, '/proc/net/tcp6')]);
  if (inodes.size === 0) return undefined;
  for (const pid of namesIn('/proc').filter((name) => /^\d+$/.test(name))) {
    if (!namesIn(`/proc/${pid}/fd`).some((fd) => inodes.has(targetOf(`/proc/${pid}/fd/${fd}`)))) continue;
    const [program = '', ...args] = textOf(`/proc/${pid}/cmdline`).split('\0');
    const script = args.find((argument) => /\.[cm]?[jt]s$/.test(argument) && !argument.startsWith('-'));
    return {
      pid: Number(pid),
      program: [path.basename(program), ...(script ? [script] : [])].join(' '),
      folder: targetOf(`/proc/${pid}/cwd`),
    };
  }
  return undefined;
}

/** The sockets as they stand behind file descriptors. */
function socketsListeningOn(port: number, table: string): string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  return textOf(table)
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local, , state]) => state === LISTENING && local?.endsWith(ending))
    .map((fields) => `socket:[${fields[9]}]`);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function targetOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
