'use strict';

// What `node -r ./otel/register` (or `--import ./otel/register.js`) loads. It decides whether the agent runs in this thread
// and loads it; whatever goes wrong costs one line on stderr and never the service. Run by itself, it prints its help.

const { isMainThread } = require('node:worker_threads');
const path = require('node:path');

const loaded = Symbol.for('otel-register.loaded');

/** Package managers that NODE_OPTIONS drags the agent into, by the name of their script. */
const PACKAGE_MANAGERS = /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack)(?:-cli)?(?:\.c?js|\.mjs)?$/;

function isWanted() {
  if (globalThis[loaded]) return false;
  // A preload runs again in each worker thread and, up to Node 22, on the module loader's own thread.
  if (!isMainThread) return false;
  if ((process.env.OTEL_SDK_DISABLED ?? '').trim().toLowerCase() === 'true') return false;
  return !PACKAGE_MANAGERS.test(path.basename(process.argv[1] ?? ''));
}

try {
  if (require.main === module) {
    process.stdout.write(require('./dist/agent.cjs').helpText());
  } else if (isWanted()) {
    globalThis[loaded] = true;
    require('./dist/agent.cjs').start();
  }
} catch (error) {
  const missing = error?.code === 'MODULE_NOT_FOUND' && String(error.message).includes('./dist/agent.cjs');
  const why = missing
    ? 'otel/dist/agent.cjs is not there; build it with: npm run build'
    : `it could not start: ${error?.stack ?? error}`;
  process.stderr.write(`otel: the service runs without the agent: ${why}\n`);
}
