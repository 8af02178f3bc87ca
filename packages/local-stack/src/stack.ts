import { join } from 'node:path';
import { databaseNames } from './databases.ts';
import { type Postgres, startPostgres } from './postgres.ts';
import { type Rabbitmq, startRabbitmq } from './rabbitmq.ts';
import { type Redis, startRedis } from './redis.ts';
import { type Service, type ServiceName, startService } from './service.ts';
import { throwAwayFolder } from './throw-away-folder.ts';

export interface StackOptions {
  /** Whether the services run under the telemetry agent. Default: no. */
  agent?: boolean;
  /** Whether there is a RabbitMQ, which takes some seconds to start. Default: no. */
  rabbitmq?: boolean;
  /** For every service. */
  env?: Record<string, string>;
  /** For single services, above `env`. */
  serviceEnv?: Partial<Record<ServiceName, Record<string, string>>>;
}

export interface Stack {
  readonly postgres: Postgres;
  readonly redis: Redis;
  readonly rabbitmq?: Pick<Rabbitmq, 'url'> | undefined;
  readonly services: Record<ServiceName, Service>;
  /** The gateway's URL. */
  readonly url: string;
  readonly jwtSecret: string;
  /** The account with role `admin`. */
  readonly admin: { email: string; password: string };
  stop(): Promise<void>;
}

/** The environment that the five services get. `urls` are those of the services that are already up. */
export function serviceEnvironment(
  name: ServiceName,
  {
    postgres,
    redis,
    rabbitmq,
    jwtSecret,
    admin,
  }: Pick<Stack, 'postgres' | 'redis' | 'rabbitmq' | 'jwtSecret' | 'admin'>,
  urls: Partial<Record<ServiceName, string>>,
): Record<string, string> {
  const upstreams = Object.entries(urls).map(([upstream, url]) => [
    `${upstream.toUpperCase().replace('-', '_')}_URL`,
    url,
  ]);
  return {
    JWT_SECRET: jwtSecret,
    ...(name !== 'api-gateway' && { DATABASE_URL: postgres.url(name) }),
    ...(name !== 'admin' && { REDIS_URL: redis.url }),
    ...(name !== 'auth' && rabbitmq && { AMQP_URL: rabbitmq.url }),
    ...(name === 'auth' && { ADMIN_EMAIL: admin.email, ADMIN_PASSWORD: admin.password }),
    ...((name === 'admin' || name === 'api-gateway') && Object.fromEntries(upstreams)),
  };
}

/**
 * A whole throw-away system for a test: PostgreSQL, Redis, RabbitMQ if asked for, and the five services on free ports, all
 * data in a temporary folder. With the agent on, each metrics listener takes a free port too.
 *
 * @throws Error of the first part that did not start; the others are stopped then.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { agent = false, env = {}, serviceEnv = {} } = options;
  const folder = throwAwayFolder();
  const servers: Array<{ stop(): Promise<unknown> }> = [];
  const running: Service[] = [];
  const stop = async () => {
    await Promise.all(running.splice(0).map((service) => service.stop()));
    for (const server of servers.splice(0).reverse()) await server.stop();
    folder.remove();
  };
  try {
    const postgres = await startPostgres({ dataDir: join(folder.path, 'postgres'), throwAway: true });
    servers.push(postgres);
    const redis = await startRedis({ dataDir: join(folder.path, 'redis'), throwAway: true });
    servers.push(redis);
    const rabbitmq = options.rabbitmq ? await startRabbitmq({ dataDir: join(folder.path, 'rabbitmq') }) : undefined;
    if (rabbitmq) servers.push(rabbitmq);
    await postgres.createDatabases(databaseNames);
    const parts = {
      postgres,
      redis,
      rabbitmq,
      jwtSecret: 'a secret for tests, and for nothing else',
      admin: { email: 'admin@example.com', password: 'admin password for tests' },
    };
    const services = {} as Record<ServiceName, Service>;
    const urls: Partial<Record<ServiceName, string>> = {};
    const startAll = async (...names: ServiceName[]) => {
      const results = await Promise.allSettled(
        names.map(async (name) => {
          const own = { ...serviceEnvironment(name, parts, urls), ...env, ...serviceEnv[name] };
          const service = await startService({ name, agent, env: { OTEL_EXPORTER_PROMETHEUS_PORT: '0', ...own } });
          running.push(service);
          services[name] = service;
        }),
      );
      for (const result of results) if (result.status === 'rejected') throw result.reason;
      for (const name of names) urls[name] = services[name].url;
    };
    // On free ports a service's URL is known only once it listens, so those that call others come after them.
    await startAll('auth', 'payments', 'profile');
    await startAll('admin');
    await startAll('api-gateway');
    return { ...parts, services, url: services['api-gateway'].url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
