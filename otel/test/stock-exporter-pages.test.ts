import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attributes } from '@opentelemetry/api';
import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { AggregationTemporality, type MetricData, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import {
  exponential,
  formatOf,
  histogram,
  metric,
  type PageOptions,
} from '../../packages/exposition/test/support/pages.ts';

// What @opentelemetry/exporter-prometheus 0.301.0 does wrong, on the data that shows it, and how a page is right.

type Scope = ResourceMetrics['scopeMetrics'][number]['scope'];

interface Break {
  readonly id: string;
  readonly rules: string;
  readonly what: string;
  /** All of one scope. */
  readonly metrics: MetricData[];
  readonly resource?: Attributes;
  readonly scope?: Attributes;
  readonly options?: PageOptions & { readonly format?: 'text' | 'OpenMetrics' };
  readonly isRight: (page: string) => boolean;
}

const gauge = (name: string, attributes: Record<string, unknown> = {}, unit = '') =>
  metric(name, unit, 'gauge', [[attributes as Attributes, 1]]);
const counter = (name: string, unit = '') => metric(name, unit, 'counter', [[{}, 1]]);
const bucketed = (name: string, unit = '', attributes: Attributes = {}, bounds = [1]) =>
  histogram(name, unit, attributes, bounds, [1, ...bounds.map(() => 0)]);

const sampleLines = (page: string) => page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
const typesOf = (page: string) => page.match(/^# TYPE .*$/gm) ?? [];
/** The names of the labels of every sample; values in these tests have no comma, brace or quote. */
const labelNames = (page: string) =>
  sampleLines(page).map((line) => Array.from(line.matchAll(/[{,]([^{},=]*)="/g), ([, name = '']) => name));
const isWithoutRepeats = (items: readonly string[]) => new Set(items).size === items.length;

const BREAKS: Break[] = [
  {
    ...{ id: 'B1', rules: 'N4', what: 'the unit is part of the name' },
    metrics: [counter('process.cpu.time', 's')],
    isRight: (page) => page.includes('\nprocess_cpu_time_seconds_total 1\n'),
  },
  {
    ...{ id: 'B2', rules: 'N10 O6', what: 'no unit is shown that is not the end of the name' },
    metrics: [gauge('utilization', {}, '1'), counter('sent', '{message}')],
    isRight: (page) => !page.includes('# UNIT'),
  },
  {
    ...{ id: 'B4', rules: 'F3', what: 'a clash of types costs one side, not both' },
    metrics: [bucketed('lat'), gauge('lat')],
    isRight: (page) => /^lat_count/m.test(page),
  },
  {
    ...{ id: 'B5', rules: 'F6', what: 'seconds and milliseconds are two families' },
    metrics: [gauge('lat', {}, 's'), gauge('lat', {}, 'ms')],
    isRight: (page) => /^# TYPE lat_seconds/m.test(page) && /^# TYPE lat_milliseconds/m.test(page),
  },
  {
    ...{ id: 'B6', rules: 'F7', what: 'nobody else has the names of the samples of a histogram' },
    metrics: [bucketed('foo'), gauge('foo.bucket'), gauge('foo.count')],
    isRight: (page) => /^foo_count/m.test(page) && !typesOf(page).some((line) => /foo_(bucket|count)/.test(line)),
  },
  {
    ...{ id: 'B7', rules: 'F9', what: 'no series is there twice' },
    metrics: [counter('foo.bar'), counter('foo_bar')],
    isRight: (page) => isWithoutRepeats(sampleLines(page).map((line) => line.split(' ')[0] ?? '')),
  },
  {
    ...{ id: 'B8', rules: 'L4 L5', what: 'no label is there twice' },
    metrics: [gauge('m', { 'a.b': 'x', a_b: 'y' })],
    isRight: (page) => labelNames(page).every(isWithoutRepeats),
  },
  {
    ...{ id: 'B9', rules: 'S6 L4', what: 'no label of the resource is there twice' },
    metrics: [gauge('m')],
    resource: { 'a.b': 'x', a_b: 'y' },
    isRight: (page) => labelNames(page).every(isWithoutRepeats),
  },
  {
    ...{ id: 'B10', rules: 'L5', what: 'an attribute otel_scope_name is no second label' },
    metrics: [gauge('m', { otel_scope_name: 'mine' })],
    isRight: (page) => labelNames(page).every(isWithoutRepeats),
  },
  {
    ...{ id: 'B11', rules: 'L6', what: 'an attribute le is no second le' },
    metrics: [bucketed('h', '', { le: 'mine' })],
    isRight: (page) => labelNames(page).every(isWithoutRepeats),
  },
  {
    ...{ id: 'B12', rules: 'L3', what: 'every label has a legal name' },
    metrics: [gauge('m', { '1st': 'x', '': 'y' })],
    isRight: (page) => labelNames(page).every((names) => names.every((name) => /^[a-zA-Z_]\w*$/.test(name))),
  },
  {
    ...{ id: 'B13', rules: 'L7', what: 'numbers that JSON lacks, and bytes, are told' },
    metrics: [gauge('m', { n: Number.NaN, b: new Uint8Array([1, 2]) })],
    isRight: (page) => page.includes('n="NaN"') && page.includes('b="AQI="'),
  },
  {
    ...{ id: 'B14', rules: 'S7', what: 'target_info is of the resource alone' },
    metrics: [gauge('target.info'), gauge('m')],
    resource: { a: 'b' },
    isRight: (page) => sampleLines(page).filter((line) => line.startsWith('target_info')).length === 1,
  },
  {
    ...{ id: 'B15', rules: 'S1', what: 'the attributes of a scope are labels, where scopes are shown' },
    metrics: [gauge('m')],
    scope: { team: 'a' },
    options: { scopeLabels: true },
    isRight: (page) => page.includes('otel_scope_team="a"'),
  },
  {
    ...{ id: 'B16', rules: 'F10 X7', what: 'an exponential histogram is shown' },
    metrics: [exponential('exp.hist', '', {}, { scale: 0, positive: { offset: 0, bucketCounts: [1] } })],
    isRight: (page) => /^exp_hist_count 1$/m.test(page),
  },
  {
    ...{ id: 'B17', rules: 'O1', what: 'there is OpenMetrics' },
    metrics: [gauge('m')],
    options: { format: 'OpenMetrics' },
    isRight: (page) => page.endsWith('\n# EOF\n'),
  },
  {
    ...{ id: 'B20', rules: 'T7 L8', what: 'a function as a value costs one label, not the process' },
    metrics: [gauge('m', { ok: 'yes', f: () => 1 })],
    isRight: (page) => page.includes('m{ok="yes"} 1'),
  },
  {
    ...{ id: 'B25', rules: 'T18', what: 'the last line ends, also where there is no metric' },
    metrics: [],
    resource: { a: 'b' },
    isRight: (page) => page.endsWith('\n'),
  },
  {
    ...{ id: 'B29', rules: 'N14 N15', what: 'names can be kept' },
    metrics: [gauge('foo.bar')],
    options: { strategy: 'no_translation', escaping: 'allow-utf-8' },
    isRight: (page) => page.includes('{"foo.bar"} 1'),
  },
  {
    ...{ id: 'B30', rules: 'N13', what: 'no description is invented' },
    metrics: [gauge('m')],
    isRight: (page) => !page.includes('# HELP m'),
  },
  {
    ...{ id: 'B31', rules: 'H6', what: 'a delta is not shown as if it were a total' },
    metrics: [{ ...counter('c'), aggregationTemporality: AggregationTemporality.DELTA }],
    isRight: (page) => !/^c_total/m.test(page),
  },
  {
    ...{ id: 'B33', rules: 'C4', what: 'on request it is told when a counter began' },
    metrics: [counter('c')],
    options: { format: 'OpenMetrics', showCreated: true },
    isRight: (page) => /^c_created 0$/m.test(page),
  },
  {
    ...{ id: 'B34', rules: 'H4', what: 'a bound is written as all client libraries write it' },
    metrics: [bucketed('h', '', {}, [0.00001, 1_000_000])],
    isRight: (page) => page.includes('le="1e-05"') && page.includes('le="1e+06"'),
  },
];

for (const { id, rules, what, metrics, resource = {}, scope = {}, options = {}, isRight } of BREAKS) {
  const resourceMetrics: ResourceMetrics = {
    resource: resourceFromAttributes(resource),
    scopeMetrics: [{ scope: { name: 'scope', attributes: scope } as Scope, metrics }],
  };

  test(`${id} ${rules}: ${what}`, () => {
    const { format = 'text', escaping = 'underscores', ...more } = options;
    const { render } = formatOf(format, escaping, () => {}, more);
    const page = Buffer.concat([...render(resourceMetrics, Buffer.allocUnsafe)]).toString();
    assert.ok(isRight(page), page);
    assert.ok(!isRightOfStock(resourceMetrics, isRight), 'the stock exporter has learned it: this entry can go');
  });
}

function isRightOfStock(resourceMetrics: ResourceMetrics, isRight: Break['isRight']): boolean {
  let page: string;
  try {
    page = new PrometheusSerializer().serialize(resourceMetrics);
  } catch {
    // The exporter calls it in a promise that nobody catches: the process ends.
    return false;
  }
  return isRight(page);
}
