import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';
import { parse } from 'yaml';
import { documentedSeries } from './support/documented.ts';
import { prometheusApi } from './support/prometheus-server.ts';
import { assertAsksForDocumented, selectorsOf } from './support/promql.ts';
import { until } from './support/until.ts';
import { startWatchedSystem, type WatchedSystem } from './support/watched-system.ts';

interface Target {
  readonly expr: string;
  readonly legendFormat: string;
  readonly exemplar?: boolean;
}

interface Dashboard {
  readonly name: string;
  readonly targets: readonly Target[];
  readonly variables: readonly { readonly name: string; readonly type: string; readonly query: { query: string } }[];
}

type Series = Readonly<Record<string, string>>;

const folder = join(repositoryRoot, 'otel', 'grafana');
const dashboards: Dashboard[] = readdirSync(join(folder, 'dashboards')).map((name) => {
  const { panels, templating } = JSON.parse(readFileSync(join(folder, 'dashboards', name), 'utf8'));
  return {
    name,
    targets: panels.flatMap(({ targets = [] }: { targets?: Target[] }) => targets),
    variables: templating.list,
  };
});

/** A query as Grafana sends it where all services and instances are shown. */
function asSent(expr: string): string {
  return expr
    .replaceAll(/\$(?:service|instance)\b/g, '.+')
    .replaceAll('$__rate_interval', '5m')
    .replaceAll('$__range', '5m');
}

/** What a series is called by the legend. */
function named(legend: string, series: Series): string {
  return legend.replace(/\{\{(\w+)\}\}/g, (_, label) => series[label] ?? '');
}

let system: WatchedSystem;
before(async () => {
  system = await startWatchedSystem();
  await system.work();
});
after(() => system?.stop());

/** The series of a query that have a number now. */
async function ask(expr: string): Promise<Series[]> {
  const { result } = await prometheusApi(system.prometheus, `query?query=${encodeURIComponent(asSent(expr))}`);
  return result
    .filter(({ value }: { value: [number, string] }) => Number.isFinite(Number(value[1])))
    .map(({ metric }: { metric: Series }) => metric);
}

for (const { name, targets, variables } of dashboards) {
  test(`every query of ${name} returns data of the running system`, async () => {
    const silent = new Set(targets);
    await until('all have data', async () => {
      for (const target of silent) if ((await ask(target.expr)).length > 0) silent.delete(target);
      return silent.size === 0;
    }).catch(() => {});
    assert.deepEqual(
      [...silent].map(({ expr }) => asSent(expr)),
      [],
    );
  });

  test(`no two series of a panel of ${name} have the same legend`, async () => {
    for (const { expr, legendFormat } of targets) {
      if (legendFormat === '{{le}}') continue;
      const legends = (await ask(expr)).map((series) => named(legendFormat, series));
      assert.equal(new Set(legends).size, legends.length, `${expr}: ${legends.sort().join(', ')}`);
    }
  });

  test(`the queries of ${name} ask for metrics of the README's table, by labels that they have there`, () => {
    const recorded = new Set(
      targets
        .flatMap(({ expr }) => selectorsOf(expr))
        .map((one) => one.name)
        .filter((one) => one.includes(':')),
    );
    for (const { expr } of targets) assertAsksForDocumented(expr, documentedSeries, recorded);
  });

  test(`services and instances can be chosen in ${name}`, async () => {
    for (const { name: variable, type, query } of variables) {
      if (type !== 'query') continue;
      const [, series = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(query.query) ?? [];
      const values = new Set((await ask(series)).map((one) => one[label]));
      assert.ok(values.size >= 5, variable);
    }
  });
}

test('the dots of the panels with traces are there, and the link of the data source leads to where the page says that traces are', async () => {
  const withTraces = dashboards.flatMap(({ targets }) => targets).filter(({ exemplar }) => exemplar);
  assert.ok(withTraces.length > 0);
  const now = Date.now() / 1000;
  const ids: string[] = [];
  for (const { expr } of withTraces) {
    const query = `query_exemplars?query=${encodeURIComponent(asSent(expr))}&start=${now - 600}&end=${now + 60}`;
    const found: { exemplars: { labels: Series }[] }[] = await prometheusApi(system.prometheus, query);
    const exemplars = found.flatMap((one) => one.exemplars);
    assert.ok(exemplars.length > 0, expr);
    ids.push(...exemplars.map(({ labels }) => labels.trace_id ?? ''));
  }
  for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/);

  const { datasources } = parse(readFileSync(join(folder, 'provisioning', 'datasources', 'prometheus.yml'), 'utf8'));
  const [destination] = datasources[0].jsonData.exemplarTraceIdDestinations;
  assert.equal(destination.name, 'trace_id');
  const [template] = (await ask('otel_sentry_trace_url_info')).map((series) => series.url_template ?? '');
  const traceUrl = template?.slice(0, template.indexOf('/{trace_id}')) ?? '';
  // As Grafana reads the file: variables are put in, and $$ is a $.
  const read: string = destination.url.replace('$TRACE_URL', traceUrl).replace('$$', '$');
  assert.equal(read.replace(/\$\{__value\.raw\}$/, '{trace_id}/'), template);
});

test('every rule is evaluated without an error, and every figure of the business has a value', async () => {
  interface Rule {
    readonly name: string;
    readonly health: string;
    readonly lastError?: string;
  }
  let rules: Rule[] = [];
  await until('all are evaluated', async () => {
    const { groups } = await prometheusApi(system.prometheus, 'rules');
    rules = groups.flatMap((group: { rules: Rule[] }) => group.rules);
    return rules.every(({ health }) => health !== 'unknown');
  });
  assert.ok(rules.length > 40);
  assert.deepEqual(
    rules.filter(({ health }) => health !== 'ok'),
    [],
  );
  for (const { name } of rules)
    if (/:(?:payments|auth)_/.test(name)) await until(`${name} has a value`, async () => (await ask(name)).length > 0);
});

const overflowing = () => ask('ALERTS{alertstate="firing", alertname="CardinalityOverflow"}');

test('an alert fires for the service that has more series of a metric than it may have', async () => {
  await until('it fires', async () => (await overflowing()).length > 0);
  assert.deepEqual([...new Set((await overflowing()).map(({ job }) => job))], ['amqplib']);
});

test('where Redis is gone and a query was ended, it is told', async () => {
  const failures = () => ask('job_outcome:auth_logins:rate5m{outcome="failed"}');
  await until('a login has failed', async () => (await failures()).length > 0);
  const failed = await failures();
  assert.deepEqual(
    failed.map(({ job }) => job),
    ['auth'],
  );
  const ended = await ask('db_client_operation_duration_seconds_count{error_type="57P01"}');
  assert.deepEqual([...new Set(ended.map(({ job }) => job))], ['payments']);
});
