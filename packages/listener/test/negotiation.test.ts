import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiate, type Offer } from '../src/negotiation.ts';
import { OM, OM_1, PB, PB_ANSWER, SCRAPERS, TEXT } from './support/scrapers.ts';

/** As one that is the same under most schemes, and is another one under one of them. */
const underEach = (format: Omit<Offer, 'escapings'>): [Offer, Offer] => [
  { ...format, escapings: ['dots'] },
  { ...format, escapings: ['underscores', 'allow-utf-8', 'values'] },
];
const parameters = { proto: 'io.prometheus.client.MetricFamily', encoding: 'delimited' };
const OFFERS: [...Offer[], Offer] = [
  ...underEach({ mediaType: 'application/vnd.google.protobuf', parameters, versions: [] }),
  ...underEach({ mediaType: 'application/openmetrics-text', versions: ['1.0.0', '0.0.1'] }),
  ...underEach({ mediaType: 'text/plain', versions: ['0.0.4'] }),
];

for (const [rule, sender, accept, expected] of [
  ['G1', 'no header', undefined, TEXT],
  ['G1', 'an empty header', '', TEXT],
  ['G7', 'curl', '*/*', TEXT],
  ['G7', 'a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
  ['G7', 'any text', 'text/*', TEXT],
  ['G7', 'any application type', 'application/*', TEXT],
  [
    'G6',
    'one whose first clause nobody supports',
    `application/x-metrics;escaping=allow-utf-8,${OM};version=1.0.0;q=0.5`,
    OM_1,
  ],
  ['L12', 'one that asks for dots', `${OM};version=1.0.0;escaping=dots`, OM_1.replace('underscores', 'dots')],
  ['L12', 'one that asks for values', `${PB};escaping=values`, PB_ANSWER.replace('underscores', 'values')],
  ['L12', 'one that asks for any format in dots', '*/*;escaping=dots', TEXT.replace('underscores', 'dots')],
  ['G10', 'one that wants text 1.0.0', 'text/plain;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.1', TEXT],
  ['G5', 'an unknown escaping', `${OM};version=1.0.0;escaping=rot13`, OM_1],
  ['G9', 'OpenMetrics without a version', OM, OM_1],
  ['O9', 'OpenMetrics 2.0.0 alone', `${OM};version=2.0.0`, TEXT],
  ['O9', 'OpenMetrics 2.0.0, then 1.0.0', `${OM};version=2.0.0;q=0.9,${OM};version=1.0.0;q=0.8`, OM_1],
  ['G3', 'protobuf without parameters', 'application/vnd.google.protobuf', TEXT],
  ['G3', 'protobuf as text', PB.replace('delimited', 'text'), TEXT],
  ['O10', "OpenMetrics' own protobuf", 'application/openmetrics-protobuf;version=1.0.0', TEXT],
  ['G3', 'OpenMetrics refused', `${OM};version=1.0.0;q=0,text/plain;version=0.0.4;q=0.1`, TEXT],
  ['G3', 'another type', 'application/json', TEXT],
  ['G3', 'everything refused', '*/*;q=0', TEXT],
  ['G3', 'nonsense', ';;;,,q=,/,text', TEXT],
  ['G8', 'a weight that is no number', `${OM};q=x,text/plain;q=0.1`, TEXT],
  ['G2', 'case and spaces', 'Application/OpenMetrics-Text ; Version=1.0.0 ; Q=0.9', OM_1],
  ['G2', 'a quoted version', `${OM};version="1.0.0"`, OM_1],
  ['T19', 'a header of a megabyte', `${OM};version=1.0.0,${'a/b,'.repeat(300_000)}`, TEXT],
  ...SCRAPERS.map(({ rule, sender, accept, answer }) => [rule, sender, accept, answer] as const),
] as const) {
  test(`${rule}: ${sender} is answered with ${expected}`, () => {
    assert.equal(negotiate(accept, OFFERS).contentType, expected);
  });
}
