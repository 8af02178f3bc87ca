import { PROBE_NAMES } from '@otel-register/probes';
import type { Config } from './settings.ts';

/** The instrumentations of `@opentelemetry/auto-instrumentations-node`, which make spans; a test holds the list to the package. */
export const SPAN_INSTRUMENTATIONS = [
  'amqplib',
  'aws-lambda',
  'aws-sdk',
  'bunyan',
  'cassandra-driver',
  'connect',
  'cucumber',
  'dataloader',
  'dns',
  'express',
  'fs',
  'generic-pool',
  'graphql',
  'grpc',
  'hapi',
  'host-metrics',
  'http',
  'ioredis',
  'kafkajs',
  'knex',
  'koa',
  'lru-memoizer',
  'memcached',
  'mongodb',
  'mongoose',
  'mysql',
  'mysql2',
  'nestjs-core',
  'net',
  'openai',
  'oracledb',
  'pg',
  'pino',
  'redis',
  'restify',
  'router',
  'runtime-node',
  'socket.io',
  'tedious',
  'undici',
  'winston',
] as const;

/** Every name that OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_NODE_DISABLED_INSTRUMENTATIONS know. */
export const INSTRUMENTATION_NAMES = [...new Set([...PROBE_NAMES, ...SPAN_INSTRUMENTATIONS])];

/** The standard switches: a list of what is enabled, if there is one, less what is disabled. */
export function isEnabled(config: Config, name: string): boolean {
  const { OTEL_NODE_ENABLED_INSTRUMENTATIONS: enabled, OTEL_NODE_DISABLED_INSTRUMENTATIONS: disabled } = config;
  return (enabled.length === 0 || enabled.includes(name)) && !disabled.includes(name);
}
