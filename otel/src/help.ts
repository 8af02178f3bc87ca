import { fallbackText } from './environment.ts';
import { SETTINGS, type Setting } from './settings.ts';

const ROWS = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => ({
  name,
  fallback: fallbackText(setting),
  doc: setting.doc,
}));

/** What `node otel/register --help` prints. */
export function helpText(): string {
  const lines = ROWS.map(({ name, fallback, doc }) => `  ${name}\n      ${doc} Default: ${fallback}.`);
  return `Usage: node -r ./otel/register <your main file>
       node -r otel-register <your main file>, where it was installed with npm

Makes the service observable with no change to its code. To see what it would do in a folder:

  node otel/register --doctor [your main file]
      What is measured there, where the page is, and what is wrong. The exit code is 1 if something is.
  node otel/register --print-config [your main file]
      What the environment variables come to, as JSON without secrets.

Environment variables:

${lines.join('\n')}
`;
}

/** The README's table of settings. */
export function settingsTable(): string {
  const rows = ROWS.map(({ name, fallback, doc }) => `| \`${name}\` | ${fallback} | ${doc} |`);
  return ['| variable | default | what it does |', '| --- | --- | --- |', ...rows].join('\n');
}
