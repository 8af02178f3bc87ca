#!/usr/bin/env node
'use strict';

// What `node -r ./otel/register` (or `--import ./otel/register.js`) loads. It decides whether the agent runs in this thread
// and loads it; whatever goes wrong costs one line on stderr and never the service. Run by itself, it is the agent's command
// line. A process that has the agent switched off pays for reading this file and for nothing else.

const loaded = Symbol.for('otel-register.loaded');

/** Package and process managers that NODE_OPTIONS drags the agent into, by the name of their script. */
const MANAGERS =
  /^(?:npm|npx|pnpm|pnpx|yarn(?:pkg|-berry|-\d.*?)?|corepack|pm2(?:-dev|-docker|-runtime)?)(?:-cli)?(?:\.[cm]?js)?$/;
/** Commands that start the service as another process, by the name or the package of their script. */
const LAUNCHERS =
  /[\\/](?:node_modules|\.?bin)[\\/](?:concurrently|cross-env|dotenv|lerna|nest|nodemon|npm-run-all|nx|run-[ps]|ts-node-dev|tsx|turbo)(?:[\\/].*|\.[cm]?js)?$/;
const PM2_DAEMON = /[\\/]pm2[\\/]lib[\\/]Daemon\.js$/;

/** Whether this file is what is run; where NODE_OPTIONS has preloaded it, Node does not run it a second time. */
function isRun() {
  if (require.main !== undefined) return require.main === module;
  const script = process.argv[1] ?? '';
  return /register(?:\.js)?$/.test(script) && require.resolve(script) === __filename;
}

function isSwitchedOff() {
  return (process.env.OTEL_SDK_DISABLED ?? '').trim().toLowerCase() === 'true';
}

function isWanted() {
  const script = process.argv[1] ?? '';
  const isManager = MANAGERS.test(require('node:path').basename(script)) || PM2_DAEMON.test(script);
  return !isManager && !LAUNCHERS.test(script);
}

/**
 * A preload runs again in each worker thread and, up to Node 22, on the module loader's own thread, which has no port.
 *
 * @param handedOver what the agent of the main thread has for the agent in worker threads
 */
function isWantedInThread(handedOver) {
  const { parentPort, workerData } = require('node:worker_threads');
  if (handedOver === undefined || parentPort === null) return false;
  // Pino's thread only carries log lines out, esbuild's transforms code. They are known by what they are given: the script has
  // no name yet.
  const isCarrier =
    workerData?.stateBuf instanceof SharedArrayBuffer && workerData.dataBuf instanceof SharedArrayBuffer;
  const isOfEsbuild = workerData?.esbuildVersion !== undefined;
  return !isCarrier && !isOfEsbuild;
}

/**
 * PM2's cluster mode hands a process its environment in one variable and unpacks it after this file was loaded: what is for
 * the agent must be there before.
 */
function unpackEnvironment() {
  if (process.env.pm2_env === undefined) return;
  for (const [name, value] of Object.entries(JSON.parse(process.env.pm2_env))) {
    if (/^(?:OTEL|SENTRY)_|^pm_exec_path$/.test(name)) process.env[name] = String(value);
  }
}

/**
 * Who is started with the same options, by `fork` or by NODE_OPTIONS, may be in another folder, where Node would not find this
 * file by a relative path and would not run the service at all: the options name it by its whole path from now on.
 */
function nameWhole() {
  const { execArgv, env } = process;
  for (const [index, argument] of execArgv.entries()) {
    const [option = ''] = /^--(?:require|import)=/.exec(argument) ?? [];
    if (isThisFile(argument.slice(option.length))) execArgv[index] = option + wholeName(option || execArgv[index - 1]);
  }
  if (!env.NODE_OPTIONS) return;
  env.NODE_OPTIONS = env.NODE_OPTIONS.replace(
    /(^|\s)(-r|--require|--import)([\s=]+)(\.[^\s"]+)/g,
    (text, start, option, between, given) =>
      isThisFile(given) ? start + option + between + JSON.stringify(wholeName(option)) : text,
  );
}

function isThisFile(given) {
  try {
    return /^\.{1,2}[\\/]/.test(given) && require.resolve(require('node:path').resolve(given)) === __filename;
  } catch {
    return false;
  }
}

function wholeName(option) {
  return option.startsWith('--import') ? require('node:url').pathToFileURL(__filename).href : __filename;
}

function agentFile() {
  return require('node:path').join(__dirname, 'dist', 'agent.cjs');
}

/** As `require` does, but of its code alone: V8 would hold all of the text for good, of which half is packed for who needs it. */
function loadAgent() {
  const Module = require('node:module');
  const file = agentFile();
  const bytes = require('node:fs').readFileSync(file);
  const end = bytes.indexOf('\n//packed ');
  const agent = new Module(file);
  agent.filename = file;
  agent._compile(bytes.latin1Slice(0, end < 0 ? bytes.length : end), file, 'commonjs');
  return agent.exports;
}

function start() {
  const { getEnvironmentData, isMainThread } = require('node:worker_threads');
  const handedOver = getEnvironmentData('otel-register');
  if (!(isMainThread ? isWanted() : isWantedInThread(handedOver))) return;
  // Before it is loaded: where that fails, nobody is to try it again.
  const switches = { start() {}, async stop() {} };
  Object.defineProperty(globalThis, loaded, { value: switches });
  const agent = loadAgent();
  if (!isMainThread) return agent.startInThread(handedOver);
  agent.start();
  Object.assign(switches, { start: agent.start, stop: agent.stop });
}

async function runCommand() {
  process.exitCode = await loadAgent().runCommand(process.argv.slice(2));
}

function whyNot(error) {
  if (typeof require === 'undefined')
    return 'otel/package.json is not there, and without it Node takes register.js for an ES module as the service is one; copy it along';
  const isNotThere = error?.code === 'ENOENT' && error.path === agentFile();
  if (isNotThere && !/register\.js$/.test(__filename))
    return `it was bundled into ${__filename}, where it has no ${error.path}; leave it out of the bundle, and load it with -r or --import`;
  if (isNotThere) return 'otel/dist/agent.cjs is not there; build it with: npm run build';
  return `it could not start: ${error?.stack ?? error}`;
}

/** Past `process.stderr`, which would make an error of the service of a stderr that is closed or full. */
function say(message) {
  try {
    // Where it was taken for an ES module there is no `require`.
    process.getBuiltinModule('node:fs').writeSync(2, `otel: ${message.replaceAll('\n', '\n      ')}\n`);
  } catch {
    // There is nowhere left to say it.
  }
}

/** @param {() => void} work */
function attempt(work) {
  try {
    work();
  } catch (error) {
    say(`the service runs without the agent: ${whyNot(error)}`);
  }
}

function load() {
  unpackEnvironment();
  nameWhole();
  if (!isSwitchedOff()) start();
}

attempt(() => {
  if (isRun()) {
    runCommand().catch((error) => {
      say(whyNot(error));
      process.exitCode = 1;
    });
    return;
  }
  if (!globalThis[loaded]) load();
  // Of the copy of this file that was loaded first.
  exports.start = () => attempt(() => (globalThis[loaded] ? globalThis[loaded].start() : load()));
  exports.stop = async () => globalThis[loaded]?.stop();
});
