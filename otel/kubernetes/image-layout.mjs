// Makes the folder /autoinstrumentation of the image, readable by whatever user a pod runs as:
//   node otel/kubernetes/image-layout.mjs <folder>
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

const OTEL = join(import.meta.dirname, '..');

/** By the names that they have in the image. */
const FILES = {
  'autoinstrumentation.js': 'kubernetes/autoinstrumentation.js',
  'register.js': 'register.js',
  'dist/agent.cjs': 'dist/agent.cjs',
  'dist/THIRD-PARTY-LICENSES.txt': 'dist/THIRD-PARTY-LICENSES.txt',
  'package.json': 'package.json',
  LICENSE: '../LICENSE',
};

const [, , folder] = process.argv;
if (folder === undefined) throw new Error('which folder? node otel/kubernetes/image-layout.mjs <folder>');

for (const [name, source] of Object.entries(FILES)) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  copyFileSync(join(OTEL, source), file);
  chmodSync(file, 0o644);
}
for (const path of [folder, join(folder, 'dist')]) chmodSync(path, 0o755);
