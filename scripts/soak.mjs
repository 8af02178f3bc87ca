// `npm run soak`: a million requests and ten thousand connections, to the bare service and to the one under the agent.
import { spawn } from 'node:child_process';
import { fail, root, setUp } from './set-up.mjs';

await setUp('--filter=otel-register').catch(fail);
const test = ['--import', 'tsx', '--test', '--test-reporter=spec', 'packages/acceptance/soak/soak.test.ts'];
spawn(process.execPath, test, { cwd: root, stdio: 'inherit' }).on('exit', (code) => {
  process.exitCode = code ?? 1;
});
