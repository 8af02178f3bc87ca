export { readServiceStatus, runBackendStatus, type ServiceStatus, statusTable } from './backend-status.ts';
export { databaseNames } from './databases.ts';
export { ensureCommand, ensureInstalled, findCommand } from './ensure-command.ts';
export { type HttpAnswer, parseAnswers } from './fuzz/http-answers.ts';
export type { Expected, Malformed } from './fuzz/malformed-requests.ts';
export { exchange, fuzz, type Judge } from './fuzz/send-malformed.ts';
export { slowClients } from './fuzz/slow-clients.ts';
export { type SteadyLoadResult, steadyLoad } from './fuzz/steady-load.ts';
export { runLoad } from './load/run-load.ts';
export { browserOpener, openInBrowser } from './open-in-browser.ts';
export { type Overview, type ShownService, startOverview } from './overview.ts';
export { freePort, onFreePort } from './ports.ts';
export { externalPostgres, type Postgres, type PostgresOptions, startPostgres } from './postgres.ts';
export { type ExitResult, type ManagedProcess, outputTail, startProcess, waitForOutput } from './process.ts';
export {
  type Family,
  histogramQuantile,
  parsePrometheusText,
  type Sample,
  samplesOf,
  sumOf,
} from './prometheus-text.ts';
export { type Rabbitmq, type RabbitmqOptions, startRabbitmq } from './rabbitmq.ts';
export { externalRedis, type Redis, type RedisOptions, startRedis } from './redis.ts';
export type { RunningSystem } from './running-system.ts';
export {
  repositoryRoot,
  type Service,
  type ServiceName,
  type ServiceOptions,
  serviceNames,
  startService,
  stopLeftOverService,
} from './service.ts';
export { type Spotlight, type SpotlightOptions, spotlightEnvironment, startSpotlight } from './spotlight/spotlight.ts';
export { type Stack, type StackOptions, serviceEnvironment, startStack } from './stack.ts';
export { type ThrowAwayFolder, throwAwayFolder } from './throw-away-folder.ts';
