import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { checkPortIsFree } from './port-check.mjs';
import { step } from './progress.mjs';
import { claimDataDir, dataDir, describeSystem, runningPid } from './running.mjs';
import { secretsIn } from './secrets.mjs';
import { Explained, fail, installSpotlight, root, setUp } from './set-up.mjs';

/** @typedef {{ title: string, stop: () => Promise<unknown> }} Part */
/** @typedef {{ url: string | undefined, note: string }} Broker no URL once it is known that there is none; the note is for the screen */

const firstPort = 3000;
const firstMetricsPort = 9464;
const spotlightPort = 8969;
const overviewPort = 3010;
const withSpotlight = process.argv.includes('--spotlight');
const logs = join(dataDir, 'logs');
/** npm passes the terminal's Ctrl-C on to us, who had it already: two signals so close together are one keystroke. */
const sameKeystrokeMs = 500;

/** What the services need, in the order of starting. @type {Part[]} */
const servers = [];
/** @type {Part[]} */
const services = [];
let running = false;
let stopping = 0;

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])) process.on(signal, onSignal);
// A terminal that was closed can no longer be written to; the shutdown goes on.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await start();
} catch (error) {
  await stopAll();
  fail(error);
}

async function start() {
  const pid = runningPid();
  if (pid !== undefined) throw new Explained(`The system runs already (npm start, process ${pid}).`);
  await setUp();
  if (withSpotlight) await installSpotlight();
  const local = await import('@payments/local-stack');
  const ports = local.serviceNames.map((name, index) => ({ name, port: firstPort + index }));
  process.on('exit', claimDataDir());
  // A run that was killed with SIGKILL could take nothing along.
  for (const { name } of ports) await explained(local.stopLeftOverService(name, pidFile(name)));
  for (const { name, port } of ports) await checkPortIsFree(name, port);
  await checkPortIsFree('the overview', overviewPort);
  if (withSpotlight) await checkPortIsFree('Spotlight', spotlightPort);
  rmSync(logs, { recursive: true, force: true });
  mkdirSync(logs, { recursive: true });

  const { DATABASE_URL, REDIS_URL, AMQP_URL } = process.env;
  const broker = AMQP_URL ? { url: AMQP_URL, note: '' } : await startBroker(local);
  const postgres = DATABASE_URL
    ? local.externalPostgres(DATABASE_URL)
    : await startServer('PostgreSQL', () =>
        local.startPostgres({ dataDir: join(dataDir, 'postgres'), logFile: logFile('postgres') }),
      );
  const redis = REDIS_URL
    ? local.externalRedis(REDIS_URL)
    : await startServer('Redis', (say) =>
        local.startRedis({
          dataDir: join(dataDir, 'redis'),
          logFile: logFile('redis'),
          onInstall: () => say('(installing redis-server)'),
        }),
      );
  const spotlight = withSpotlight
    ? await startServer('Spotlight', () => local.startSpotlight({ port: spotlightPort, logFile: logFile('spotlight') }))
    : undefined;
  const rabbitmq = broker.url === undefined ? undefined : { url: broker.url };
  const system = { postgres, redis, rabbitmq, ...secretsIn(dataDir) };
  const urls = Object.fromEntries(ports.map(({ name, port }) => [name, `http://localhost:${port}`]));
  await step('Starting the services', async () => {
    await explained(postgres.createDatabases(local.databaseNames));
    const results = await Promise.allSettled(
      ports.map(async ({ name, port }, index) => {
        const service = await local.startService({
          name,
          port,
          agent: existsSync(join(root, 'otel', 'register.js')),
          env: {
            OTEL_EXPORTER_PROMETHEUS_SAME_PORT: 'open',
            ...process.env,
            ...spotlight?.environment,
            ...local.serviceEnvironment(name, system, urls),
            OTEL_EXPORTER_PROMETHEUS_PORT: String(firstMetricsPort + index),
          },
          logFile: logFile(name),
          pidFile: pidFile(name),
        });
        services.push({ title: name, stop: service.stop });
        reportUnexpectedEnd(name, service.exited, () => local.outputTail(service, 3));
        return [name, { url: service.url, pid: service.pid }];
      }),
    );
    const started = results.map((result) => {
      if (result.status === 'rejected') throw new Explained(result.reason.message);
      return result.value;
    });
    describeSystem({
      services: Object.fromEntries(started),
      ...(!DATABASE_URL && { postgres: postgres.url('payments') }),
      ...(!REDIS_URL && { redis: redis.url }),
    });
  });
  running = true;
  const overview = await startOverview(local, ports);
  showScreen(ports, system, broker, spotlight, overview);
  if (overview && !process.argv.includes('--no-open'))
    local.openInBrowser(overview.url, {
      platform: process.platform,
      env: process.env,
      isTerminal: process.stdout.isTTY,
    });
}

/**
 * @template {{ stop: () => Promise<unknown>, exited: Promise<unknown> }} T
 * @param {string} title
 * @param {(say: (detail: string) => void) => Promise<T>} work
 */
async function startServer(title, work) {
  const server = await step(`Starting ${title}`, (say) => explained(work(say)));
  keep(title, server);
  return server;
}

/**
 * @param {string} title
 * @param {{ stop: () => Promise<unknown>, exited: Promise<unknown> }} server
 */
function keep(title, server) {
  servers.push({ title, stop: server.stop });
  reportUnexpectedEnd(title, server.exited, () => '');
}

/**
 * RabbitMQ takes longer to start than all the rest together, and nothing waits for it but events. Where it cannot be had, the
 * system runs without.
 *
 * @param {typeof import('@payments/local-stack')} local
 * @returns {Promise<Broker>}
 */
async function startBroker(local) {
  const port = await local.freePort();
  const note = 'user guest, data in .data/rabbitmq';
  /** @type {Broker} */
  const broker = { url: `amqp://guest:guest@127.0.0.1:${port}`, note: `${note} (still starting)` };
  const options = {
    dataDir: join(dataDir, 'rabbitmq'),
    port,
    logFile: logFile('rabbitmq'),
    onInstall: () => {
      broker.note = `${note} (being installed)`;
    },
  };
  local.startRabbitmq(options).then(
    (server) => {
      broker.note = note;
      keep('RabbitMQ', server);
      if (running && stopping === 0) console.log('RabbitMQ is running.');
    },
    (error) => {
      broker.url = undefined;
      broker.note = `none, so events wait: ${error.message.split('\n', 1)}`;
      if (running && stopping === 0) console.error(`RabbitMQ   ${broker.note}`);
    },
  );
  return broker;
}

/**
 * One page of the five services. That it cannot be shown is no reason for them not to run.
 *
 * @param {typeof import('@payments/local-stack')} local
 * @param {Array<{ name: string }>} ports
 */
async function startOverview(local, ports) {
  const shown = ports.map(({ name }, index) => ({
    name,
    metricsUrl: `http://localhost:${firstMetricsPort + index}/metrics`,
  }));
  try {
    const overview = await local.startOverview(shown, overviewPort);
    servers.push({ title: 'the overview', stop: overview.stop });
    return overview;
  } catch (error) {
    console.error(`There is no overview: ${/** @type {Error} */ (error).message}`);
    return undefined;
  }
}

/**
 * The parts explain in their messages what went wrong; their stacks would tell a newcomer nothing more.
 *
 * @template T
 * @param {Promise<T>} work
 */
async function explained(work) {
  try {
    return await work;
  } catch (error) {
    throw new Explained(/** @type {Error} */ (error).message);
  }
}

/** @param {string} name */
function logFile(name) {
  return join(logs, `${name}.log`);
}

/** @param {string} name */
function pidFile(name) {
  return join(dataDir, `${name}.pid`);
}

/**
 * @param {string} title
 * @param {Promise<any>} exited
 * @param {() => string} tail
 */
async function reportUnexpectedEnd(title, exited, tail) {
  const result = await exited;
  if (stopping > 0) return;
  const how = result.signal ?? `exit code ${result.code}`;
  console.error(`${title} ended with ${how}; its log is ${logFile(title.toLowerCase()).slice(root.length)}\n${tail()}`);
}

/**
 * @param {Array<{ name: string, port: number }>} ports
 * @param {{ postgres: { port: number }, redis: { url: string }, admin: { email: string, password: string } }} system
 * @param {Broker} broker
 * @param {{ url: string } | undefined} spotlight
 * @param {{ url: string } | undefined} overview
 */
function showScreen(ports, { postgres, redis, admin }, broker, spotlight, overview) {
  const own = (/** @type {string | undefined} */ external, /** @type {string} */ note) => (external ? '' : `  ${note}`);
  const { DATABASE_URL, REDIS_URL } = process.env;
  const rabbitmq = [broker.url ? new URL(broker.url).host : [], broker.note].flat().join('  ');
  console.log(`
The payments system is running.

${ports.map(({ name, port }) => `  ${name.padEnd(12)} http://localhost:${port}`).join('\n')}
  PostgreSQL   ${DATABASE_URL ? new URL(DATABASE_URL).host : `127.0.0.1:${postgres.port}`}${own(DATABASE_URL, 'user postgres, password in .data/postgres/password')}
  Redis        ${REDIS_URL ? new URL(REDIS_URL).host : redis.url}${own(REDIS_URL, 'data in .data/redis')}
  RabbitMQ     ${rabbitmq}
  admin        ${admin.email}, password ${admin.password}
  logs         .data/logs/<name>.log

Live, in a browser:
${ports.map(({ name }, index) => `  ${name.padEnd(12)} http://localhost:${firstMetricsPort + index}/`).join('\n')}
${overview ? `  all five     ${overview.url}\n` : ''}
Their metrics:
${ports.map(({ port }) => `  curl http://localhost:${port}/metrics`).join('\n')}
${spotlight ? `\nTheir errors and traces:\n  ${spotlight.url}\n` : ''}
In another terminal:
  npm run load             realistic traffic through the gateway; with trouble: -- --help
  npm run backend:status   how the five are doing, in one table

Ctrl-C stops everything.
`);
}

/** @param {NodeJS.Signals} signal */
async function onSignal(signal) {
  if (stopping > 0 || !running) {
    // Leaving at once is safe: what was started is ended on exit, each part by the signal that suits it.
    if (performance.now() - stopping > sameKeystrokeMs) process.exit(signal === 'SIGINT' ? 130 : 143);
    return;
  }
  if (process.stdout.isTTY) process.stdout.write('\n');
  await stopAll();
  process.exit(0);
}

/** Services first, so that they can finish their requests; then what they need. */
async function stopAll() {
  stopping = performance.now();
  if (services.length > 0) await step('Stopping the services', () => Promise.all(services.map(({ stop }) => stop())));
  for (const { title, stop } of servers.reverse()) await step(`Stopping ${title}`, stop);
}
