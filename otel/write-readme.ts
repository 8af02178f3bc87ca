// Writes the table of settings into the README, between its two markers: npm run docs.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { settingsTable } from './src/help.ts';

const file = path.join(__dirname, '..', 'README.md');

/** The README with the table that the settings make. */
export function withSettings(readme: string): string {
  return readme.replace(
    /(<!-- settings: .* -->\n)[\s\S]*?(<!-- end of settings -->)/,
    (_, begin: string, end: string) => `${begin}${settingsTable()}\n${end}`,
  );
}

if (require.main === module) writeFileSync(file, withSettings(readFileSync(file, 'utf8')));
