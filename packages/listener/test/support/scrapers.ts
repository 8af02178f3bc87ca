/** Media types as they are asked for, and types of answers. */
export const OM = 'application/openmetrics-text';
export const PB = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited';

export const PB_ANSWER =
  'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited; escaping=underscores';
const PB_UTF_8 = PB_ANSWER.replace('underscores', 'allow-utf-8');
export const TEXT = 'text/plain; version=0.0.4; charset=utf-8; escaping=underscores';
export const OM_1 = `${OM}; version=1.0.0; charset=utf-8; escaping=underscores`;
const OM_1_UTF_8 = OM_1.replace('underscores', 'allow-utf-8');
const OM_0 = OM_1.replace('1.0.0', '0.0.1');

interface Scraper {
  readonly rule: string;
  readonly sender: string;
  readonly accept: string;
  /** The type of the answer to it. */
  readonly answer: string;
}

/**
 * What scrapers really send as `Accept`. That of Prometheus is from its scrape/scrape.go (`acceptHeader`) and config/config.go
 * (`ScrapeProtocolsHeaders`) at the tags of those releases; that of VictoriaMetrics from its lib/promscrape/client.go, since v1.40.0;
 * that of Grafana Alloy, which is made of Prometheus' scraper, from its internal/component/prometheus/scrape/scrape.go (names
 * are legacy ones unless `metric_name_validation_scheme` is utf8) and the Prometheus in its go.mod.
 */
export const SCRAPERS: readonly Scraper[] = [
  {
    ...{ rule: 'G2', sender: 'Prometheus 1, which prefers protobuf', answer: PB_ANSWER },
    accept: `${PB};q=0.7,text/plain;version=0.0.4;q=0.3,*/*;q=0.1`,
  },
  {
    ...{ rule: 'G2', sender: 'Prometheus 2.0 to 2.4, VictoriaMetrics, netdata', answer: TEXT },
    accept: 'text/plain;version=0.0.4;q=1,*/*;q=0.1',
  },
  {
    ...{ rule: 'G2', sender: 'Prometheus 2.5 to 2.33', answer: OM_0 },
    accept: `${OM}; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
  },
  {
    ...{ rule: 'G2', sender: 'Prometheus 2.40.0', answer: OM_1 },
    accept: `${OM};version=1.0.0;q=0.75,${OM};q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
  },
  {
    ...{ rule: 'G2', sender: 'Prometheus 2.34 to 2.48', answer: OM_1 },
    accept: `${OM};version=1.0.0,${OM};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
  },
  {
    ...{ rule: 'G2', sender: 'Prometheus 2.40.1 to 2.48 that wants native histograms', answer: PB_ANSWER },
    accept: `${PB},${OM};version=1.0.0;q=0.8,${OM};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
  },
  {
    ...{ rule: 'G8', sender: 'Prometheus 2.49.0, with a weight of 2', answer: OM_1 },
    accept: `${OM};version=1.0.0;q=0.5,${OM};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=2`,
  },
  {
    ...{ rule: 'G2', sender: 'Prometheus 2.49.1 to 2.55, Alloy 1.2 to 1.10', answer: OM_1 },
    accept: `${OM};version=1.0.0;q=0.5,${OM};version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2`,
  },
  {
    ...{
      rule: 'G2',
      sender: 'Prometheus 2.49.1 to 2.55, Alloy 1.2 to 1.10 that want native histograms',
      answer: PB_ANSWER,
    },
    accept: `${PB};q=0.5,${OM};version=1.0.0;q=0.4,${OM};version=0.0.1;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1`,
  },
  {
    ...{ rule: 'G6', sender: 'Prometheus 3.0 and 3.1, with an escaping twice', answer: OM_1_UTF_8 },
    accept:
      `${OM};version=1.0.0;escaping=allow-utf-8;q=0.6,${OM};version=0.0.1;escaping=allow-utf-8;q=0.5,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2',
  },
  {
    ...{ rule: 'G6', sender: 'Prometheus 3.2 and 3.3', answer: OM_1_UTF_8 },
    accept:
      `${OM};version=1.0.0;escaping=allow-utf-8;q=0.6,${OM};version=0.0.1;escaping=allow-utf-8;q=0.5,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.3,*/*;q=0.2',
  },
  {
    ...{ rule: 'G6', sender: 'Prometheus 3.2 and 3.3 that wants native histograms', answer: PB_UTF_8 },
    accept:
      `${PB};escaping=allow-utf-8;q=0.6,${OM};version=1.0.0;escaping=allow-utf-8;q=0.5,${OM};version=0.0.1;escaping=allow-utf-8;q=0.4,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;escaping=allow-utf-8;q=0.2,*/*;q=0.1',
  },
  {
    ...{ rule: 'G2', sender: 'Prometheus 3.2 and 3.3 with legacy names', answer: OM_1 },
    accept:
      `${OM};version=1.0.0;q=0.6,${OM};version=0.0.1;q=0.5,` +
      'text/plain;version=1.0.0;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  },
  {
    ...{ rule: 'G6', sender: 'Prometheus 3.4 to 3.14', answer: OM_1_UTF_8 },
    accept:
      `${OM};version=1.0.0;escaping=allow-utf-8;q=0.6,${OM};version=0.0.1;q=0.5,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  },
  {
    ...{ rule: 'G6', sender: 'Prometheus 3.4 to 3.14 that wants native histograms', answer: PB_ANSWER },
    accept:
      `${PB};q=0.6,${OM};version=1.0.0;escaping=allow-utf-8;q=0.5,${OM};version=0.0.1;q=0.4,` +
      'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
  },
  {
    ...{ rule: 'G2', sender: 'Prometheus 3.4 to 3.14 with legacy names, Alloy 1.11 to 1.18', answer: OM_1 },
    accept:
      `${OM};version=1.0.0;escaping=underscores;q=0.6,${OM};version=0.0.1;q=0.5,` +
      'text/plain;version=1.0.0;escaping=underscores;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2',
  },
  {
    ...{ rule: 'G2', sender: 'Alloy 1.11 to 1.18 that wants native histograms', answer: PB_ANSWER },
    accept:
      `${PB};q=0.6,${OM};version=1.0.0;escaping=underscores;q=0.5,${OM};version=0.0.1;q=0.4,` +
      'text/plain;version=1.0.0;escaping=underscores;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1',
  },
];
