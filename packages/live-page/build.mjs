// Bundles what a browser loads, and puts it as texts into one module: dist/assets.js.
import { readFileSync } from 'node:fs';
import { build } from 'esbuild';

/** @type {import('esbuild').BuildOptions} */
const forBrowsers = { bundle: true, minify: true, write: false, target: 'es2022', logLevel: 'warning' };

const script = await build({ ...forBrowsers, entryPoints: ['src/main.ts'], format: 'esm' });
const style = await build({ ...forBrowsers, entryPoints: ['src/page.css'] });

/** @param {string} text */
const withoutIndentation = (text) => text.replaceAll(/\n\s*/g, '\n');

await build({
  entryPoints: ['src/assets.ts'],
  outfile: 'dist/assets.js',
  format: 'esm',
  define: {
    SCRIPT: JSON.stringify(script.outputFiles?.[0]?.text),
    STYLE: JSON.stringify(style.outputFiles?.[0]?.text),
    DOCUMENT: JSON.stringify(withoutIndentation(readFileSync('src/page.html', 'utf8'))),
    ICON: JSON.stringify(readFileSync('src/icon.svg', 'utf8')),
  },
});
