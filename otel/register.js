'use strict';

// What `node -r ./otel/register` (or `--import ./otel/register.js`) loads. It decides whether the agent runs in this thread
// and loads it; whatever goes wrong costs one line on stderr and never the service. Run by itself, it prints its help.

const path = require('node:path');
const { getEnvironmentData, isMainThread, parentPort, workerData } = require('node:worker_threads');

const loaded = Symbol.for('otel-register.loaded');

/** Package and process managers that NODE_OPTIONS drags the agent into, by the name of their script. */
const MANAGERS =
  /^(?:npm|npx|pnpm|pnpx|yarn|yarnpkg|corepack|pm2(?:-dev|-docker|-runtime)?)(?:-cli)?(?:\.c?js|\.mjs)?$/;
const PM2_DAEMON = /[\\/]pm2[\\/]lib[\\/]Daemon\.js$/;

/** What the agent of the main thread has for the agent in worker threads. */
const handedOver = getEnvironmentData('otel-register');

function isWanted() {
  if (globalThis[loaded]) return false;
  if ((process.env.OTEL_SDK_DISABLED ?? '').trim().toLowerCase() === 'true') return false;
  if (!isMainThread) return isWantedInThread();
  const script = process.argv[1] ?? '';
  return !MANAGERS.test(path.basename(script)) && !PM2_DAEMON.test(script);
}

/** A preload runs again in each worker thread and, up to Node 22, on the module loader's own thread, which has no port. */
function isWantedInThread() {
  if (handedOver === undefined || parentPort === null) return false;
  // Pino's thread only carries log lines out. It is known by what it is given: the script has no name yet.
  const isCarrier =
    workerData?.stateBuf instanceof SharedArrayBuffer && workerData.dataBuf instanceof SharedArrayBuffer;
  return !isCarrier;
}

/**
 * PM2's cluster mode hands a process its environment in one variable and unpacks it after this file was loaded: what is for
 * the agent must be there before.
 */
function unpackEnvironment() {
  if (process.env.pm2_env === undefined) return;
  for (const [name, value] of Object.entries(JSON.parse(process.env.pm2_env))) {
    if (/^OTEL_|^pm_exec_path$/.test(name)) process.env[name] = String(value);
  }
}

try {
  if (require.main === module) {
    process.stdout.write(require('./dist/agent.cjs').helpText());
  } else {
    unpackEnvironment();
    if (isWanted()) {
      Object.defineProperty(globalThis, loaded, { value: true });
      const { start, startInThread } = require('./dist/agent.cjs');
      if (isMainThread) start();
      else startInThread(handedOver);
    }
  }
} catch (error) {
  const missing = error?.code === 'MODULE_NOT_FOUND' && String(error.message).includes('./dist/agent.cjs');
  const why = missing
    ? 'otel/dist/agent.cjs is not there; build it with: npm run build'
    : `it could not start: ${error?.stack ?? error}`;
  process.stderr.write(`otel: the service runs without the agent: ${why}\n`);
}
