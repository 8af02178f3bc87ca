import { ensureCommand } from '@payments/local-stack';
import { type Browser, chromium } from 'playwright-core';

/** Without what it asks the network for by itself. */
const QUIET = [
  ...['--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'],
  ...['--disable-component-update', '--disable-sync'],
];

/** Starts a Chromium without a window; installs it first where this process may. It ends with the process. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = await ensureCommand('chromium', 'chromium');
  // Chromium has no sandbox for root.
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0, args: QUIET, timeout: 60_000 });
}
