import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Postgres, type Redis, repositoryRoot } from '@payments/local-stack';
import { issueToken } from '@payments/service-kit';
import { Redis as RedisClient } from 'ioredis';
import pg from 'pg';
import { type Server, type Surroundings, startServer } from './server.ts';
import { bare, type Variant } from './variants.ts';

export interface Backends {
  readonly postgres: Postgres;
  readonly redis: Redis;
}

/** One service, or two that work together, under one variant. */
export interface Running {
  /** The first one answers the load. */
  readonly servers: readonly [Server, ...Server[]];
  readonly requests: readonly string[];
}

export interface Workload {
  readonly name: string;
  readonly title: string;
  /** Requests of one slice of a full run: about a second of work for the bare service. */
  readonly requests: number;

  /** Whether there is a version of the service that measures itself by hand. */
  readonly hasByHand: boolean;
  /** Makes what the service needs, once a run. */
  readonly prepare?: (backends: Backends, surroundings: Surroundings) => Promise<void>;
  readonly start: (variant: Variant, surroundings: Surroundings, backends: Backends) => Promise<Running>;
}

const program = (name: string) => fileURLToPath(new URL(`../programs/${name}.cjs`, import.meta.url));
const get = (path: string, ...headers: string[]) =>
  [`GET ${path} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n');

const PRODUCTS = 1000;
const PAYMENTS = 50;
const jwtSecret = 'a secret for the bench, and for nothing else';
const userId = randomUUID();
const paymentIds: string[] = [];

const hello: Workload = {
  name: 'hello',
  title: 'node:http hello world',
  requests: 10_000,
  hasByHand: true,
  async start(variant, surroundings) {
    const server = await startServer(program(variant.byHand ? 'hello-by-hand' : 'hello'), variant, {}, surroundings);
    return { servers: [server], requests: [get('/')] };
  },
};

export const shop: Workload = {
  name: 'express',
  title: 'Express + ioredis + pg: one cached read, one query',
  requests: 3_000,
  hasByHand: true,
  async prepare({ postgres, redis }) {
    await postgres.createDatabases(['shop']);
    await fillStock(postgres.url('shop'));
    await fillCache(redis.url);
  },
  async start(variant, surroundings, { postgres, redis }) {
    const server = await startServer(
      program(variant.byHand ? 'shop-by-hand' : 'shop'),
      variant,
      { DATABASE_URL: postgres.url('shop'), REDIS_URL: redis.url },
      surroundings,
    );
    const requests = Array.from({ length: PRODUCTS }, (_, id) => get(`/products/${id}`));
    return { servers: [server], requests };
  },
};

const gateway: Workload = {
  name: 'gateway',
  title: 'api-gateway → payments: GET /payments/:id, both processes',
  requests: 1_000,
  hasByHand: false,
  async prepare(backends, surroundings) {
    await backends.postgres.createDatabases(['payments']);
    const { servers } = await gateway.start(bare, surroundings, backends);
    paymentIds.splice(0, paymentIds.length, ...(await createPayments(servers[0].port)));
    await Promise.all(servers.map((server) => server.stop()));
  },
  async start(variant, surroundings, { postgres, redis }) {
    const main = (service: string) => join(repositoryRoot, 'services', service, 'dist', 'main.js');
    const common = { JWT_SECRET: jwtSecret, REDIS_URL: redis.url };
    const payments = await startServer(
      main('payments'),
      variant,
      { ...common, DATABASE_URL: postgres.url('payments') },
      surroundings,
    );
    const door = await startServer(
      main('api-gateway'),
      variant,
      { ...common, PAYMENTS_URL: `http://127.0.0.1:${payments.port}`, RATE_LIMIT_PER_MINUTE: '1000000000' },
      surroundings,
    );
    const requests = paymentIds.map((id) => get(`/payments/${id}`, `Authorization: Bearer ${token()}`));
    return { servers: [door, payments], requests };
  },
};

export const workloads: readonly Workload[] = [hello, shop, gateway];

async function fillStock(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('CREATE TABLE stock (product_id int, warehouse text, pieces int)');
  await client.query(
    `INSERT INTO stock SELECT id, 'warehouse ' || w, (id * w) % 97 FROM generate_series(0, $1::int - 1) id, generate_series(1, 3) w`,
    [PRODUCTS],
  );
  await client.query('CREATE INDEX ON stock (product_id)');
  await client.query('ANALYZE stock');
  await client.end();
}

async function fillCache(url: string): Promise<void> {
  const client = new RedisClient(url);
  for (let id = 0; id < PRODUCTS; id++) {
    const product = { id, name: `product ${id}`, price: 995, currency: 'EUR', tags: ['new', 'boxed'] };
    if (id % 10 !== 0) await client.set(`product:${id}`, JSON.stringify(product));
  }
  await client.quit();
}

async function createPayments(port: number): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < PAYMENTS; made++) {
    const response = await fetch(`http://127.0.0.1:${port}/payments`, {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${token()}`,
        'Content-Type': 'application/json',
        'Idempotency-Key': randomUUID(),
      },
      body: JSON.stringify({ amount: 1999, currency: 'EUR', description: 'bench' }),
    });
    if (response.status !== 201) throw new Error(`POST /payments answered ${response.status} ${await response.text()}`);
    ids.push(((await response.json()) as { id: string }).id);
  }
  return ids;
}

function token(): string {
  return issueToken(jwtSecret, { id: userId, role: 'user' }, 24 * 3600);
}
