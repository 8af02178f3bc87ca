import type { Attributes } from '@opentelemetry/api';
import type { MetricData } from '@opentelemetry/sdk-metrics';
import { exponential, histogram, metric, summary, withExemplars } from './pages.ts';

/** Random numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const PIECES = [
  ...[
    'a',
    'b',
    'Foo',
    'http',
    'le',
    'quantile',
    'total',
    'bytes',
    'bucket',
    'count',
    'sum',
    'created',
    'target',
    'info',
  ],
  ...[
    '_',
    '.',
    '-',
    '/',
    ':',
    ' ',
    '__',
    '0',
    '9',
    '1st',
    '"',
    '\\',
    '\n',
    '\r',
    '\0',
    '\t',
    '{',
    '}',
    '=',
    ',',
    '#',
    ';',
  ],
  ...[
    'é',
    '→',
    '😀',
    '\ud800',
    '\udc00',
    '\ufeff',
    '\u2028',
    '\u202e',
    '__name__',
    'otel_scope_name',
    'U__',
    '_dot_',
    'n',
  ],
];
const UNITS = [
  '',
  '1',
  's',
  'ms',
  'By',
  '{request}',
  'By/s',
  '%',
  'total',
  'custom unit',
  '/',
  '{a}/{b}',
  '"',
  'é',
  '😀',
];
const NUMBERS = [
  ...[0, -0, 1, -1, 0.1, 1e-7, 1e21, 123456789, 2 ** 31, 2 ** 53, 5e-324, -1.7976931348623157e308],
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
];
const BOUNDS = [-1e6, -1, -0.5, 0, 1e-9, 1e-5, 0.005, 0.1, 1, 2.5, 10, 1e5, 1e6, 123456789, 1e300];

/** Makes metrics of every kind, with all that names, keys, values, units and numbers can be. */
export class AnyMetrics {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomOf(seed);
  }

  metrics(): MetricData[] {
    return this.#list(12, () => this.#metric());
  }

  attributes(): Attributes {
    return Object.fromEntries(this.#list(5, () => [this.#text(), this.#value()])) as Attributes;
  }

  #metric(): MetricData {
    const [name, unit] = [this.#text(), this.#oneOf(UNITS)];
    const kind = this.#oneOf(['counter', 'updown', 'gauge', 'histogram', 'exponential', 'summary'] as const);
    if (kind === 'summary') return this.#summary(name);
    if (kind === 'histogram') return this.#withExemplars(this.#histogram(name, unit));
    if (kind === 'exponential') return this.#withExemplars(this.#exponential(name, unit));
    const points = this.#list(4, (): [Attributes, number] => [this.attributes(), this.#oneOf(NUMBERS)]);
    return metric(name, unit, kind, points, this.#text());
  }

  #histogram(name: string, unit: string): MetricData {
    const bounds = BOUNDS.filter(() => this.#random() < 0.4);
    const made = histogram(
      name,
      unit,
      this.attributes(),
      bounds,
      Array.from({ length: bounds.length + 1 }, () => this.#count()),
    );
    return this.#withSum(made);
  }

  #exponential(name: string, unit: string): MetricData {
    const side = () => ({ offset: this.#whole(2000) - 1000, bucketCounts: this.#list(20, () => this.#count()) });
    const value = { scale: this.#whole(31) - 10, zeroCount: this.#count(), positive: side(), negative: side() };
    return this.#withSum(exponential(name, unit, this.attributes(), value));
  }

  #summary(name: string): MetricData {
    const quantiles = [0, 1e-7, 0.01, 0.5, 0.99, 0.999, 1].filter(() => this.#random() < 0.5);
    const values = quantiles.map(() => this.#oneOf(NUMBERS));
    return summary(name, this.attributes(), { quantiles, values, sum: this.#oneOf(NUMBERS), count: this.#count() });
  }

  #withSum(of: MetricData): MetricData {
    const [point] = of.dataPoints as unknown as [{ value: object }];
    const sum = this.#random() < 0.2 ? undefined : this.#oneOf(NUMBERS);
    return { ...of, dataPoints: [{ ...point, value: { ...point.value, sum } }] } as unknown as MetricData;
  }

  #withExemplars(of: MetricData): MetricData {
    const exemplars = this.#list(3, (): [number, number, string] => [
      this.#random() * 10,
      1.7e12 + this.#whole(1e6),
      String(this.#whole(1e6)),
    ]);
    return withExemplars(of, ...exemplars);
  }

  #value(): unknown {
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const throwing = {
      toJSON() {
        throw new Error('no JSON');
      },
    };
    const others = [
      ...[null, undefined, true, false, '', Symbol('s'), () => 1, 1n, cyclic, throwing, new Uint8Array([1, 255])],
      ...[Buffer.from('x'), [1n], ['a', null, Number.NaN], { a: { b: [Number.NEGATIVE_INFINITY] } }, new Date(0)],
    ];
    return this.#oneOf([this.#text(), this.#text(), this.#oneOf(NUMBERS), this.#oneOf(others)]);
  }

  #text(): string {
    return this.#list(5, () => this.#oneOf(PIECES)).join('');
  }

  #count(): number {
    return this.#oneOf([0, 0, 1, 2, 1000, 2 ** 33]);
  }

  #list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.#whole(most + 1) }, make);
  }

  #oneOf<const T>(values: readonly T[]): T {
    return values[this.#whole(values.length)] as T;
  }

  #whole(below: number): number {
    return Math.floor(this.#random() * below);
  }
}
