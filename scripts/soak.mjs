// `npm run soak`: a million requests, ten thousand connections, and an hour of traffic in minutes.
import { spawn } from 'node:child_process';
import { fail, root, setUp } from './set-up.mjs';

await setUp('--filter=otel-register').catch(fail);
const files = ['soak', 'hour'].map((name) => `packages/acceptance/soak/${name}.test.ts`);
// One after the other: there is work for all cores in each.
const test = ['--import', 'tsx', '--test', '--test-concurrency=1', '--test-reporter=spec', ...files];
spawn(process.execPath, test, { cwd: root, stdio: 'inherit' }).on('exit', (code) => {
  process.exitCode = code ?? 1;
});
