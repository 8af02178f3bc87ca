import { createNoopMeter, type MeterProvider } from '@opentelemetry/api';
import { type Instrumentation, registerInstrumentations } from '@opentelemetry/instrumentation';

type InstrumentationClass = new (config?: object) => Instrumentation;

/**
 * The instrumentations of `@opentelemetry/auto-instrumentations-node` for what no probe makes spans of. Each is loaded only
 * when it is switched on.
 */
const UPSTREAM: Record<string, () => InstrumentationClass> = {
  'aws-lambda': () => require('@opentelemetry/instrumentation-aws-lambda').AwsLambdaInstrumentation,
  'aws-sdk': () => require('@opentelemetry/instrumentation-aws-sdk').AwsInstrumentation,
  bunyan: () => require('@opentelemetry/instrumentation-bunyan').BunyanInstrumentation,
  'cassandra-driver': () => require('@opentelemetry/instrumentation-cassandra-driver').CassandraDriverInstrumentation,
  cucumber: () => require('@opentelemetry/instrumentation-cucumber').CucumberInstrumentation,
  dataloader: () => require('@opentelemetry/instrumentation-dataloader').DataloaderInstrumentation,
  dns: () => require('@opentelemetry/instrumentation-dns').DnsInstrumentation,
  fs: () => require('@opentelemetry/instrumentation-fs').FsInstrumentation,
  'generic-pool': () => require('@opentelemetry/instrumentation-generic-pool').GenericPoolInstrumentation,
  graphql: () => require('@opentelemetry/instrumentation-graphql').GraphQLInstrumentation,
  grpc: () => require('@opentelemetry/instrumentation-grpc').GrpcInstrumentation,
  kafkajs: () => require('@opentelemetry/instrumentation-kafkajs').KafkaJsInstrumentation,
  knex: () => require('@opentelemetry/instrumentation-knex').KnexInstrumentation,
  'lru-memoizer': () => require('@opentelemetry/instrumentation-lru-memoizer').LruMemoizerInstrumentation,
  memcached: () => require('@opentelemetry/instrumentation-memcached').MemcachedInstrumentation,
  mongodb: () => require('@opentelemetry/instrumentation-mongodb').MongoDBInstrumentation,
  mongoose: () => require('@opentelemetry/instrumentation-mongoose').MongooseInstrumentation,
  mysql: () => require('@opentelemetry/instrumentation-mysql').MySQLInstrumentation,
  mysql2: () => require('@opentelemetry/instrumentation-mysql2').MySQL2Instrumentation,
  'nestjs-core': () => require('@opentelemetry/instrumentation-nestjs-core').NestInstrumentation,
  net: () => require('@opentelemetry/instrumentation-net').NetInstrumentation,
  openai: () => require('@opentelemetry/instrumentation-openai').OpenAIInstrumentation,
  oracledb: () => require('@opentelemetry/instrumentation-oracledb').OracleInstrumentation,
  pino: () => require('@opentelemetry/instrumentation-pino').PinoInstrumentation,
  'socket.io': () => require('@opentelemetry/instrumentation-socket.io').SocketIoInstrumentation,
  tedious: () => require('@opentelemetry/instrumentation-tedious').TediousInstrumentation,
  winston: () => require('@opentelemetry/instrumentation-winston').WinstonInstrumentation,
};

/** Off unless they are asked for by name: a span for each socket, each look-up of a host and each call of the file system. */
const TOO_FINE = ['dns', 'fs', 'net'];

/** They write into the service's log lines, only where that is asked for; no log is sent anywhere. */
export const LOGGERS = ['pino', 'winston', 'bunyan'];

/** Upstream's own metrics go nowhere, so nothing that the probes count is counted twice. */
const NO_METRICS: MeterProvider = { getMeter: () => createNoopMeter() };

/**
 * Makes upstream's instrumentations that produce spans, as the standard variables switch them. This file is loaded only when
 * spans have somewhere to go.
 *
 * @param isEnabled what the standard variables say of a name
 * @param askedFor what OTEL_NODE_ENABLED_INSTRUMENTATIONS names
 * @param logCorrelation whether log lines get the ids of their span
 * @param madeElsewhere the libraries whose spans the probes make
 */
export function createSpanInstrumentations(
  isEnabled: (name: string) => boolean,
  askedFor: readonly string[],
  logCorrelation: boolean,
  madeElsewhere: readonly string[],
): Instrumentation[] {
  const isOn = (name: string) => {
    if (LOGGERS.includes(name)) return logCorrelation;
    if (madeElsewhere.includes(name)) return false;
    return isEnabled(name) && (!TOO_FINE.includes(name) || askedFor.includes(name));
  };
  return Object.entries(UPSTREAM).flatMap(([name, load]) => (isOn(name) ? [make(load(), name)] : []));
}

function make(Upstream: InstrumentationClass, name: string): Instrumentation {
  return new Upstream(LOGGERS.includes(name) ? { disableLogSending: true } : {});
}

/**
 * Switches them on. The SDK does not get them: it would hand them its meter provider.
 *
 * @returns what switches them off
 */
export function enableSpanInstrumentations(instrumentations: Instrumentation[]): () => void {
  // They are on when they are made, and not when they have been switched off since.
  for (const instrumentation of instrumentations) instrumentation.enable();
  return registerInstrumentations({ instrumentations, meterProvider: NO_METRICS });
}
