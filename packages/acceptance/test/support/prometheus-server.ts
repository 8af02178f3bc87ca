import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureCommand, onFreePort, startProcess } from '@payments/local-stack';
import { until } from './until.ts';

export interface PrometheusServer {
  readonly url: string;
  readonly stop: () => Promise<unknown>;
}

/** Starts a Prometheus, and installs Debian's where there is none. @param folder for its configuration and data */
export async function startPrometheusServer(
  configuration: string,
  folder: string,
  flags: readonly string[] = [],
): Promise<PrometheusServer> {
  const prometheus = await ensureCommand('prometheus', 'prometheus');
  const file = configurationFile(configuration, folder);
  return startScraper(prometheus, '-/ready', (port) => [
    `--config.file=${file}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    ...flags,
  ]);
}

/** Starts one in agent mode, which keeps nothing and sends what it scrapes on. */
export async function startPrometheusAgent(configuration: string, folder: string): Promise<PrometheusServer> {
  const prometheus = await ensureCommand('prometheus', 'prometheus');
  const file = configurationFile(configuration, folder);
  return startScraper(prometheus, '-/ready', (port) => [
    '--enable-feature=agent',
    `--config.file=${file}`,
    `--storage.agent.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
}

/** The same with a VictoriaMetrics, which has the same API and answers queries by what was scraped last. */
export async function startVictoriaMetrics(configuration: string, folder: string): Promise<PrometheusServer> {
  const victoriaMetrics = await ensureCommand('victoria-metrics', 'victoria-metrics');
  const file = configurationFile(configuration, folder);
  return startScraper(victoriaMetrics, 'health', (port) => [
    `-promscrape.config=${file}`,
    `-storageDataPath=${join(folder, 'data')}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    '-search.latencyOffset=0s',
    '-search.disableCache',
  ]);
}

function configurationFile(configuration: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'prometheus.yml');
  writeFileSync(file, configuration);
  return file;
}

async function startScraper(
  command: string,
  readiness: string,
  args: (port: number) => string[],
): Promise<PrometheusServer> {
  return onFreePort(async (port) => {
    const server = await startProcess(command, args(port));
    const url = `http://127.0.0.1:${port}`;
    await until(`${command} is ready`, async () => {
      if (!server.running) throw new Error(server.stderr());
      const ready = await fetch(`${url}/${readiness}`).catch(() => undefined);
      await ready?.text();
      return ready?.ok ?? false;
    });
    return { url, stop: () => server.stop() };
  });
}

/** What Prometheus' API answers at a path. @throws AssertionError with its error */
// biome-ignore lint/suspicious/noExplicitAny: the answer of Prometheus' API
export async function prometheusApi(url: string, path: string): Promise<any> {
  const { status, data, error } = (await (await fetch(`${url}/api/v1/${path}`)).json()) as Record<string, unknown>;
  assert.equal(status, 'success', String(error));
  return data;
}
