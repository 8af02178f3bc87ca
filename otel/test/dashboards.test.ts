import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { dashboardFiles } from '../grafana/write-dashboards.ts';

interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: { readonly uid: string };
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig: { readonly defaults: { readonly unit: string; readonly max?: number } };
  readonly options: { readonly yAxis?: { readonly unit: string } };
  readonly targets: readonly Target[];
}

const folder = path.join(__dirname, '..', 'grafana', 'dashboards');
const models = Array.from(dashboardFiles(), ([name, text]) => ({ name, text, model: JSON.parse(text) }));

test('the dashboards are what their source makes of them: npm run dashboards', () => {
  assert.deepEqual(readdirSync(folder).sort(), models.map(({ name }) => name).sort());
  for (const { name, text } of models) assert.equal(readFileSync(path.join(folder, name), 'utf8'), text, name);
});

test('each dashboard has an address of its own, and a link to the others', () => {
  assert.equal(new Set(models.map(({ model }) => model.uid)).size, models.length);
  for (const { model } of models) {
    assert.match(model.uid, /^otel-[a-z-]{1,35}$/);
    assert.deepEqual([model.tags, model.links[0].tags], [['otel-register'], ['otel-register']]);
  }
});

/** The variables that Grafana has by itself. */
const BUILT_IN = ['__rate_interval', '__range', '__all'];

/** What Grafana would show a value of a query in: seconds as s, bytes as bytes, a share as a percentage. */
function fittingUnits(expr: string): string[] {
  if (/^histogram_quantile|_seconds_sum.* \/ .*_seconds_count/.test(expr)) return ['s'];
  if (/topk\(10, histogram_quantile/.test(expr)) return ['s'];
  if (/\) \/ /.test(expr) || /_ratio\{/.test(expr)) return ['percentunit'];
  if (/rate\([a-z0-9_]*_(?:seconds_total|duration_seconds_sum)\{/.test(expr)) return ['percentunit'];
  if (/rate\([a-z0-9_]*_bytes(?:_total|_sum)\{/.test(expr)) return ['binBps'];
  if (/^(?:sum|count|max)?.*(?:increase|sum_over_time|count)\(/.test(expr)) return ['short'];
  if (/rate\(|:rate5m/.test(expr)) return ['reqps', 'ops', 'mps', 'eps', 'cps'];
  if (/_bytes\{/.test(expr)) return ['bytes'];
  if (/process_uptime_seconds/.test(expr)) return ['dtdurations'];
  if (/_seconds\{/.test(expr)) return ['s'];
  return ['short'];
}

for (const { name, text, model } of models) {
  describe(name, () => {
    const panels: Panel[] = model.panels;
    const withQueries = panels.filter(({ type }) => type !== 'row');

    test('its panels have numbers of their own, and none lies on another or beside the grid', () => {
      assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
      const taken = new Map<string, string>();
      for (const { title, gridPos } of panels) {
        assert.ok(gridPos.x + gridPos.w <= 24, title);
        for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
          for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
            assert.equal(taken.get(`${x} ${y}`), undefined, `${title} lies on another`);
            taken.set(`${x} ${y}`, title);
          }
        }
      }
    });

    test('it uses the variables that it has, and has those that it uses', () => {
      const defined: string[] = model.templating.list.map((variable: { name: string }) => variable.name);
      const used = Array.from(text.matchAll(/\$(\w+)/g), ([, variable = '']) => variable);
      assert.deepEqual(
        [...new Set(used)].filter((variable) => !BUILT_IN.includes(variable)).sort(),
        [...defined].sort(),
      );
    });

    test('each panel has queries of the chosen Prometheus, and a legend that names every label by which they are told apart', () => {
      for (const { title, targets } of withQueries) {
        assert.ok(targets.length > 0, title);
        assert.equal(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
        for (const { expr, legendFormat, datasource } of targets) {
          assert.equal(datasource.uid, '$datasource', title);
          const shown = Array.from(legendFormat.matchAll(/\{\{(\w+)\}\}/g), ([, label]) => label);
          const [, kept] = /\bby \(([^)]*)\)/.exec(expr) ?? [];
          if (kept === undefined) continue;
          const labels = kept.split(', ').filter((label) => label !== 'le' || shown.includes('le'));
          assert.deepEqual(shown.toSorted(), labels.toSorted(), `${title}: ${legendFormat}`);
        }
      }
    });

    test('each panel has the unit of what it shows', () => {
      for (const { title, type, fieldConfig, options, targets } of withQueries) {
        const { unit, max } = fieldConfig.defaults;
        for (const { expr } of targets) assert.ok(fittingUnits(expr).includes(unit), `${title}: ${unit} of ${expr}`);
        if (type === 'heatmap') assert.equal(options.yAxis?.unit, 's');
        if (max !== undefined) assert.deepEqual([unit, max], ['percentunit', 1], title);
      }
    });
  });
}
