import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TRANSLATION_STRATEGIES } from '../src/index.ts';
import { AnyMetrics } from './support/any-metrics.ts';
import { parseOpenMetrics } from './support/openmetrics-parser.ts';
import { type PageOptions, page } from './support/pages.ts';
import { parseText } from './support/prometheus-text-parser.ts';
import { readProtobuf } from './support/protobuf-reader.ts';

const PAGES = 200;

/** Reads a page as strictly as there is: no label, series or family twice, nothing that a scraper would not read. */
const READ = {
  text: (bytes: Buffer, utf8: boolean) => parseText(decoded(bytes), utf8),
  OpenMetrics: (bytes: Buffer, utf8: boolean) => parseOpenMetrics(decoded(bytes), utf8),
  protobuf: (bytes: Buffer) => readProtobuf(bytes),
} as const;

function decoded(bytes: Buffer): string {
  return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Half of the metrics have names that are not translated. */
const prometheusScopes = ['scope0', 'scope2', 'scope4', 'scope6', 'scope8', 'scope10'];

const FORMATS = ['text', 'OpenMetrics', 'protobuf'] as const;
const ESCAPINGS = ['underscores', 'dots', 'values', 'allow-utf-8'] as const;

for (const format of FORMATS) {
  for (const strategy of TRANSLATION_STRATEGIES) {
    test(`L5 L8 F1 F9 T8: whatever the metrics are, ${format} is right under ${strategy} and every escaping`, () => {
      for (let seed = 1; seed <= PAGES; seed++) {
        for (const escaping of ESCAPINGS) readAny(seed, format, { strategy, escaping, prometheusScopes });
      }
    });
  }
}

function readAny(seed: number, format: (typeof FORMATS)[number], options: PageOptions): void {
  const any = new AnyMetrics(seed);
  const [metrics, resource] = [any.metrics(), any.attributes()];
  try {
    const { bytes, warnings } = page(metrics, resource, format, options);
    const families = READ[format](bytes(), options.escaping === 'allow-utf-8');
    const points = metrics.flatMap(({ dataPoints }) => dataPoints as unknown[]).length;
    if (warnings.length === 0) {
      const own = families.filter(({ name }) => name !== (format === 'OpenMetrics' ? 'target' : 'target_info'));
      const series = own.reduce((sum, family) => sum + seriesIn(family), 0);
      assert.equal(series, points, 'what is not on the page is told');
    }
  } catch (error) {
    throw new Error(`seed ${seed}, ${options.escaping}: ${(error as Error).message}`, { cause: error });
  }
}

/** Series of a family, of which a histogram's have several samples. */
function seriesIn(family: ReturnType<(typeof READ)[keyof typeof READ]>[number]): number {
  if ('metric' in family) return family.metric.length;
  const { name, type, samples } = family;
  if (type === 'histogram') return samples.filter(({ labels }) => labels.get('le') === '+Inf').length;
  return type === 'summary' ? samples.filter((sample) => sample.name === `${name}_count`).length : samples.length;
}
