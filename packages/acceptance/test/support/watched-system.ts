import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot, serviceNames, startRabbitmq, startStack, throwAwayFolder } from '@payments/local-stack';
import pg from 'pg';
import { parse, stringify } from 'yaml';
import { call } from './api-client.ts';
import { startCollector } from './collector.ts';
import { sendKnownTraffic } from './known-traffic.ts';
import { lockPayment } from './locked-payment.ts';
import { Payer } from './payments-api.ts';
import { type Program, startProgram } from './program.ts';
import { prometheusApi, startPrometheusServer } from './prometheus-server.ts';
import { startSentry } from './sentry-ingest.ts';
import { until } from './until.ts';

/** Programs that do what the five services do not, each with the steps that do it. */
const PROGRAMS: Readonly<Record<string, { readonly env?: Record<string, string>; readonly steps: readonly string[] }>> =
  {
    amqplib: {
      // So few that the queues of `many` go beyond it.
      env: { OTEL_METRICS_CARDINALITY_LIMIT: '20' },
      steps: ['confirmed', 'consume', 'wrongQueue', 'many', 'hold', 'settle'],
    },
    ws: { steps: ['exchange', 'open'] },
    'socket-io': { steps: ['websocket', 'open'] },
    cluster: { steps: [] },
  };

export interface WatchedSystem {
  /** Of the Prometheus that scrapes it, with the rules of otel/prometheus. */
  readonly prometheus: string;
  /** Has the five services and the programs do all that a dashboard shows, faults as well; at the end Redis is gone. */
  work(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the five services and programs that do what those do not, all under the agent with everything switched on, and a
 * Prometheus that is configured as the shipped one but for ports and times.
 */
export async function startWatchedSystem(): Promise<WatchedSystem> {
  const undo: Array<() => unknown> = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const folder = throwAwayFolder();
    undo.push(() => folder.remove());
    const [collector, sentry] = await Promise.all([startCollector(), startSentry()]);
    undo.push(
      () => collector.stop(),
      () => sentry.stop(),
    );
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_METRICS_EXPORTER: 'otlp,prometheus',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_METRIC_EXPORT_TIMEOUT: '1000',
      OTEL_BSP_SCHEDULE_DELAY: '500',
      SENTRY_DSN: sentry.dsn,
      SENTRY_ORGANIZATION_URL: 'https://acme.sentry.io',
    };
    const stack = await startStack({ agent: true, env });
    undo.push(() => stack.stop());
    const database = new pg.Pool({ connectionString: stack.postgres.url('payments') });
    // A pool has ended before its connections are closed, and PostgreSQL may close them first.
    database.on('error', () => {});
    undo.push(() => database.end());
    const rabbitmq = await startRabbitmq({ dataDir: join(folder.path, 'rabbitmq') });
    undo.push(() => rabbitmq.stop());

    const programs: Record<string, Program> = {};
    for (const [name, { env: own }] of Object.entries(PROGRAMS)) {
      const program = await startProgram(`${name}.cjs`, { env: { ...env, RABBITMQ_URL: rabbitmq.url, ...own } });
      undo.push(() => program.stop());
      programs[name] = program;
    }

    const pages: Record<string, string> = {};
    for (const name of serviceNames) pages[name] = stack.services[name].metricsUrl ?? '';
    for (const [name, program] of Object.entries(programs)) pages[name] = await program.metricsUrl();
    const { url, stop: stopPrometheus } = await startPrometheusServer(
      configuration(pages),
      join(folder.path, 'prometheus'),
      ['--enable-feature=exemplar-storage'],
    );
    undo.push(stopPrometheus);

    /** A query that the server ends while the service waits for it: an answer of 500 too. */
    async function queryThatFails(): Promise<void> {
      const payer = new Payer(() => stack.services.payments.url, stack.jwtSecret);
      const id = await payer.payment('authorized');
      const lock = await lockPayment(database, id);
      const capture = payer.call(`/payments/${id}/capture`, { method: 'POST' });
      await lock.waiting(1);
      await database.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = 'payments' AND wait_event_type = 'Lock'`);
      await capture;
      await lock.release();
    }

    async function round(): Promise<void> {
      await sendKnownTraffic(stack);
      await queryThatFails();
      for (const [name, { steps }] of Object.entries(PROGRAMS)) {
        for (const step of steps) await programs[name]?.step(step);
      }
      await scraped(url, Object.keys(pages).length);
    }

    return {
      prometheus: url,
      stop,
      async work() {
        // What came with the first scrape that has it did not grow.
        await round();
        await round();
        await stack.redis.stop();
        await call(`${stack.url}/auth/login`, { method: 'POST', body: stack.admin });
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Waits until each page has been scraped since now. */
async function scraped(prometheus: string, pages: number): Promise<void> {
  const query = encodeURIComponent(`count(timestamp(up == 1) > ${Date.now() / 1000})`);
  await until('every page is scraped', async () => {
    const { result } = await prometheusApi(prometheus, `query?query=${query}`);
    return Number(result[0]?.value[1]) === pages;
  });
}

/** The shipped configuration with these pages, by the names of their jobs. */
function configuration(pages: Readonly<Record<string, string>>): string {
  const folder = join(repositoryRoot, 'otel', 'prometheus');
  const config = parse(readFileSync(join(folder, 'prometheus.local.yml'), 'utf8'));
  config.global = { scrape_interval: '1s', evaluation_interval: '1s' };
  config.rule_files = config.rule_files.map((pattern: string) => join(folder, pattern));
  config.scrape_configs[0].static_configs = Object.entries(pages).map(([job, page]) => ({
    targets: [new URL(page).host],
    labels: { job },
  }));
  return stringify(config);
}
