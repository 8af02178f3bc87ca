import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiate, type Offer } from '../src/negotiation.ts';

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

const OM = 'application/openmetrics-text';
const PB = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';
const PB_ANSWER =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores';
const TEXT = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';
const OM_1 = `${OM}; version=1.0.0; charset=utf-8; escaping=underscores`;
const OM_1_UTF_8 = `${OM}; version=1.0.0; charset=utf-8; escaping=allow-utf-8`;
const OM_0 = `${OM}; version=0.0.1; charset=utf-8; escaping=underscores`;

for (const [rule, sender, accept, expected] of [
  ['G1', 'no header', undefined, TEXT],
  ['G1', 'an empty header', '', TEXT],
  ['G7', 'curl', '*/*', TEXT],
  ['G7', 'a browser', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', TEXT],
  ['G7', 'any text', 'text/*', TEXT],
  ['G7', 'any application type', 'application/*', TEXT],
  ['G2', 'Prometheus 1, which prefers protobuf', `${PB};q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1`, PB_ANSWER],
  ['G2', 'Prometheus 2.0 to 2.4, VictoriaMetrics, netdata', 'text/plain;version=0.0.4;q=1,*/*;q=0.1', TEXT],
  ['G2', 'Prometheus 2.5 to 2.33', `${OM}; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`, OM_0],
  ['G2', 'Prometheus 2.40.0', `${OM};version=1.0.0;q=0.75,${OM};q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`, OM_1],
  [
    'G2',
    'Prometheus 2.34 to 2.48',
    `${OM};version=1.0.0,${OM};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    OM_1,
  ],
  [
    'G2',
    'Prometheus 2.40.1 to 2.48 that wants native histograms',
    `${PB},${OM};version=1.0.0;q=0.8,${OM};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
    PB_ANSWER,
  ],
  [
    'G6',
    'Prometheus 3.4 to 3.14 that wants native histograms',
    `${PB};q=0.6,${OM};version=1.0.0;escaping=allow-utf-8;q=0.5,${OM};version=0.0.1;q=0.4,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
    PB_ANSWER,
  ],
  [
    'G8',
    'Prometheus 2.49.0, with a weight of 2',
    `${OM};version=1.0.0;q=0.5,${OM};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=2`,
    OM_1,
  ],
  [
    'G2',
    'Prometheus 2.49.1 to 2.53',
    `${OM};version=1.0.0;q=0.5,${OM};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
    OM_1,
  ],
  [
    'G6',
    'Prometheus 3.0 and 3.1, with an escaping twice',
    `${OM};version=1.0.0;escaping=allow-utf-8;q=0.6,${OM};version=0.0.1;escaping=allow-utf-8;q=0.5,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2',
    OM_1_UTF_8,
  ],
  [
    'G6',
    'Prometheus 3.4 to 3.14, Alloy',
    `${OM};version=1.0.0;escaping=allow-utf-8;q=0.6,${OM};version=0.0.1;q=0.5,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
    OM_1_UTF_8,
  ],
  [
    'G6',
    'one whose first clause nobody supports',
    `application/x-metrics;escaping=allow-utf-8,${OM};version=1.0.0;q=0.5`,
    OM_1,
  ],
  [
    'G2',
    'Prometheus 3.4 to 3.14 with legacy names',
    `${OM};version=1.0.0;escaping=underscores;q=0.6,${OM};version=0.0.1;q=0.5,*/*;q=0.2`,
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
] as const) {
  test(`${rule}: ${sender} is answered with ${expected}`, () => {
    assert.equal(negotiate(accept, OFFERS).contentType, expected);
  });
}
