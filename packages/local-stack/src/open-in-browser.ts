import { spawn } from 'node:child_process';
import { findCommand } from './ensure-command.ts';

/** Where a page might be opened, and whether somebody is there to see it. */
export interface Desktop {
  readonly platform: NodeJS.Platform;
  readonly env: NodeJS.ProcessEnv;
  /** Whether a person reads what is printed. */
  readonly isTerminal: boolean;
}

/** The program that opens a URL in a browser; undefined where nobody looks, or there is none. */
export function browserOpener({ platform, env, isTerminal }: Desktop): string | undefined {
  if (!isTerminal) return undefined;
  if (platform === 'darwin') return env.SSH_CONNECTION ? undefined : findCommand('open');
  return env.DISPLAY || env.WAYLAND_DISPLAY ? findCommand('xdg-open') : undefined;
}

/** Opens a URL in a browser, where that can be. It is not waited for, and that it fails is no failure. */
export function openInBrowser(url: string, desktop: Desktop): void {
  const opener = browserOpener(desktop);
  if (opener === undefined) return;
  spawn(opener, [url], { detached: true, stdio: 'ignore' })
    .on('error', () => {})
    .unref();
}
