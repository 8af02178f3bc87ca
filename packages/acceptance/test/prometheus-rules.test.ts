import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { ensureCommand, repositoryRoot } from '@payments/local-stack';
import { parse } from 'yaml';
import { documentedSeries } from './support/documented.ts';
import { judge } from './support/page-judges.ts';
import { assertAsksForDocumented } from './support/promql.ts';

interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

interface AlertTest {
  alertname: string;
  exp_alerts: unknown[];
}

const folder = join(repositoryRoot, 'otel', 'prometheus', 'rules');
const yamlIn = (path: string) =>
  readdirSync(path)
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(path, name));
const read = (path: string) => parse(readFileSync(path, 'utf8'));

const ruleFiles = yamlIn(folder);
const testFiles = yamlIn(join(folder, 'tests'));
const rules: Rule[] = ruleFiles.flatMap((file) => read(file).groups.flatMap((group: { rules: Rule[] }) => group.rules));
const alerts = rules.filter(({ alert }) => alert !== undefined);
const recorded = new Set(rules.flatMap(({ record }) => record ?? []));

const dashboardFolder = join(repositoryRoot, 'otel', 'grafana', 'dashboards');
const dashboards = readdirSync(dashboardFolder).map((name) => readFileSync(join(dashboardFolder, name), 'utf8'));

let promtool: string;
before(async () => {
  promtool = await ensureCommand('promtool', 'prometheus');
});

test('promtool and its lint accept every rule', async () => {
  const { code, output } = await judge(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles]);
  assert.equal(code, 0, output);
});

for (const file of testFiles) {
  test(`the rules do what ${file.slice(folder.length + 1)} says`, async () => {
    const { code, output } = await judge(promtool, ['test', 'rules', file]);
    assert.equal(code, 0, output);
  });
}

for (const name of ['prometheus.yml', 'prometheus.local.yml', 'kubernetes.yml']) {
  test(`otel/prometheus/${name} loads all rules`, () => {
    assert.deepEqual(read(join(folder, '..', name)).rule_files, ['rules/*.yml']);
  });
}

test('each alert is tested where it fires and where it does not', () => {
  const tested: AlertTest[] = testFiles.flatMap((file) =>
    read(file).tests.flatMap((one: { alert_rule_test?: AlertTest[] }) => one.alert_rule_test ?? []),
  );
  for (const { alert } of alerts) {
    const kinds = new Set(
      tested.filter(({ alertname }) => alertname === alert).map((one) => one.exp_alerts.length > 0),
    );
    assert.deepEqual([...kinds].sort(), [false, true], String(alert));
  }
});

test('each recording rule is used by an alert, a dashboard or another rule', () => {
  const texts = [...rules.map(({ expr }) => expr), ...dashboards];
  for (const name of recorded)
    assert.ok(
      texts.some((text) => text.includes(name)),
      name,
    );
});

test('each alert says what is wrong, how bad it is, and where docs/alerts.md tells which panels to look at and what to do', () => {
  const text = readFileSync(join(repositoryRoot, 'docs', 'alerts.md'), 'utf8');
  const sections = Array.from(text.matchAll(/^## (\w+)$/gm), ([, name]) => name);
  assert.deepEqual(
    sections,
    alerts.map(({ alert }) => alert),
  );
  for (const { alert, labels, annotations } of alerts) {
    assert.match(labels?.severity ?? '', /^(?:page|ticket)$/, alert);
    assert.match(annotations?.summary ?? '', /\{\{ \$labels\.job \}\}/, alert);
    assert.match(annotations?.description ?? '', /\.$/, alert);
    assert.equal(annotations?.runbook, `docs/alerts.md#${alert?.toLowerCase()}`);
  }
  const titles: string[] = dashboards.flatMap((one) =>
    JSON.parse(one).panels.map(({ title }: { title: string }) => title),
  );
  for (const [, panel = ''] of text.replaceAll('\n', ' ').matchAll(/(?<!\*)\*([^*]+)\*(?!\*)/g)) {
    assert.ok(titles.includes(panel), `docs/alerts.md speaks of a panel ${panel}, which no dashboard has`);
  }
  for (const section of text.split(/^## /m).slice(1)) {
    for (const part of ['Means', 'Look at', 'Do|do']) assert.match(section, new RegExp(`\\*\\*(?:${part}):?\\*\\*`));
  }
});

test("the rules ask for metrics of the README's table, by labels that they have there", () => {
  for (const { expr } of rules) if (!/^vector\(/.test(expr)) assertAsksForDocumented(expr, documentedSeries, recorded);
});

test('the names of recorded series say of what level and which operations they are', () => {
  for (const { record } of rules) {
    if (record === 'http_server_error_budget:ratio' || record === undefined) continue;
    assert.match(record, /^[a-z_]+:[a-z_]+:(?:p99_|ratio_|burn)?rate(?:\d+[mhd])$/);
  }
});
