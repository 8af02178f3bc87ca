import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

/** A live page in a browser, and what it did there. */
export interface LivePage {
  readonly page: Page;
  /** The origins that it asked for something. */
  readonly origins: ReadonlySet<string>;
  /** What its policy has forbidden, and what went wrong in it. */
  problems(): Promise<string[]>;
  /** The cells of each line of a table, by what its first cell says. */
  lines(panel: string): Promise<Record<string, string[]>>;
}

/** Opens a live page and waits until it has shown a reading. */
export async function openLivePage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<LivePage> {
  const page = await browser.newPage(options);
  page.setDefaultTimeout(60_000);
  const origins = new Set<string>();
  const errors: string[] = [];
  page.on('request', (request) => origins.add(new URL(request.url()).origin));
  page.on('pageerror', ({ message }) => errors.push(message));
  await page.addInitScript(`
    globalThis.violations = [];
    addEventListener('securitypolicyviolation', ({ violatedDirective }) => violations.push(violatedDirective));
  `);
  await page.goto(url);
  await page.getByText(/^live, every/).waitFor();
  return {
    page,
    origins,
    async problems() {
      const violations = await page.evaluate(() => (globalThis as unknown as { violations: string[] }).violations);
      return [...errors, ...violations];
    },
    async lines(panel) {
      const rows = page.getByRole('region', { name: panel, exact: true }).locator('tbody tr');
      const texts = await rows.evaluateAll((all) =>
        all.map(({ children }) => Array.from(children, ({ textContent }) => textContent ?? '')),
      );
      return Object.fromEntries(texts.map(([first = '', ...rest]) => [first, rest]));
    },
  };
}

/** Fails unless the page has asked nobody but its own origin, and did nothing that its policy forbids. */
export async function assertKeptToItself({ page, origins, problems }: LivePage): Promise<void> {
  assert.deepEqual([...origins], [new URL(page.url()).origin]);
  assert.deepEqual(await problems(), []);
}
