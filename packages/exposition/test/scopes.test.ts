import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { formatOf, metric, type PageOptions } from './support/pages.ts';

const shop = { name: 'shop', version: '1.2.0', schemaUrl: 'https://example.com/1', attributes: { 'team.name': 'a' } };

function samples(scopes: { name: string; [key: string]: unknown }[], options: PageOptions = {}): string[] {
  const gauge = metric('m', '', 'gauge', [[{ k: 'v' }, 1]]);
  const resourceMetrics = {
    resource: resourceFromAttributes({ 'service.name': 'shop', job: 'mine' }),
    scopeMetrics: scopes.map((scope) => ({ scope, metrics: [gauge] })),
  };
  const { render } = formatOf('text', 'underscores', () => {}, options);
  const lines = Buffer.concat([...render(resourceMetrics, Buffer.allocUnsafe)])
    .toString()
    .split('\n');
  return lines.filter((line) => line !== '' && !line.startsWith('#'));
}

test('S1 S3 S4: on request every series says its scope, with its attributes; no other metric tells of scopes', () => {
  assert.deepEqual(samples([shop], { scopeLabels: true }).slice(1), [
    'm{otel_scope_name="shop",otel_scope_version="1.2.0",otel_scope_schema_url="https://example.com/1",otel_scope_team_name="a",k="v"} 1',
  ]);
});

test('S4: by default only a series whose labels another scope has used says its scope', () => {
  assert.deepEqual(samples([shop, { name: 'other', version: '2.0.0' }]).slice(1), [
    'm{k="v"} 1',
    'm{otel_scope_name="other",otel_scope_version="2.0.0",k="v"} 1',
  ]);
});

test('S2: a scope cannot pass for another by an attribute', () => {
  const scope = { name: 'shop', attributes: { name: 'x', version: 'y', schema_url: 'z', 'a.b': '1', a_b: '2' } };
  assert.deepEqual(samples([scope], { scopeLabels: true }).slice(1), [
    'm{otel_scope_name="shop",otel_scope_a_b="1;2",k="v"} 1',
  ]);
});

test('L5: an attribute that would pass for a label of the scope stands behind it', () => {
  const resourceMetrics = {
    resource: resourceFromAttributes({}),
    scopeMetrics: [{ scope: { name: 'shop' }, metrics: [metric('m', '', 'gauge', [[{ 'otel.scope.name': 'x' }, 1]])] }],
  };
  const { render } = formatOf('text', 'underscores', () => {}, { scopeLabels: true });
  const page = Buffer.concat([...render(resourceMetrics, Buffer.allocUnsafe)]).toString();
  assert.match(page, /^m\{otel_scope_name="shop;x"\} 1$/m);
});

test('S9 S10: the resource is in target_info and in no other label, and nothing adds job or instance', () => {
  assert.deepEqual(samples([shop]), ['target_info{job="mine",service_name="shop"} 1', 'm{k="v"} 1']);
});
