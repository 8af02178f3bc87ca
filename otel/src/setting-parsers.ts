import { AddressList } from '@otel-register/listener';
import type { CacheNamePattern } from '@otel-register/probes';
import { INSTRUMENTATION_NAMES } from './instrumentation-names.ts';

/**
 * How the text of a variable becomes a value. A parser answers undefined for text that is none of its values; `expected`
 * completes the sentence "... is not ...".
 */
export interface Parser<T> {
  readonly expected: string;
  readonly parse: (text: string) => T | undefined;
  /** What is good in a value that is not good as a whole, if anything is. */
  readonly goodPart?: (text: string) => T | undefined;
}

export const text: Parser<string> = { expected: 'a text', parse: (value) => value };

/** OpenTelemetry specification, "Boolean value": only `true`, in any case, is true; anything but true and false is named. */
export const boolean: Parser<boolean> = {
  expected: 'true or false',
  parse: (value) => [true, false].find((each) => String(each) === value.toLowerCase()),
};

export const port: Parser<number> = {
  expected: 'a port from 0 to 65535',
  parse: (value) => wholeNumber(value, 0, 65_535),
};

export const milliseconds: Parser<number> = {
  expected: 'a whole number of milliseconds up to 1000000',
  parse: (value) => wholeNumber(value, 0, 1_000_000),
};

export const positive: Parser<number> = {
  expected: 'a whole number from 1 to 1000000',
  parse: (value) => wholeNumber(value, 1, 1_000_000),
};

export const ratio: Parser<number> = {
  expected: 'a number from 0 to 1',
  parse: (value) => (Number(value) >= 0 && Number(value) <= 1 ? Number(value) : undefined),
};

export const otlpProtocol = oneOf('http/protobuf', 'http/json', 'grpc');

export const sampler = oneOf(
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
);

export type SamplerName = typeof sampler extends Parser<infer T> ? T : never;

/** As Sentry's SDK takes it: a project by number, at a host that may have a port and a path. */
export const dsn: Parser<string> = {
  expected: "a project's DSN, such as https://<key>@o1.ingest.sentry.io/2",
  parse: (value) =>
    /^https?:\/\/\w+(?::\w+)?@(?:[\w.-]+|\[[\w:.%]+\])(?::\d+)?\/(?:[^?#]*\/)?\d+$/.test(value) ? value : undefined,
};

export const url: Parser<string> = {
  expected: 'a URL',
  parse: (value) => (/^https?:\/\/[^\s?#]+$/.test(value) && URL.canParse(value) ? value : undefined),
};

/** What OTEL_PROPAGATORS knows. */
export type PropagatorName = 'tracecontext' | 'baggage' | 'b3' | 'b3multi' | 'sentry' | 'none';

/** What OTEL_TRACES_EXPORTER knows. */
export type SpanDestination = 'otlp' | 'console' | 'none';

export type Protocol = typeof otlpProtocol extends Parser<infer T> ? T : never;

/** A variable of the specification that the agent does not follow, and must not pass over in silence. */
export const notRead: Parser<string> = {
  expected: 'read: there are no configuration files here',
  parse: () => undefined,
};

export const addresses: Parser<AddressList> = {
  expected: 'a list of addresses and networks, such as 10.0.0.0/8,fd00::/8',
  parse: (value) => AddressList.of(listOf(value)),
};

export const attributes: Parser<Readonly<Record<string, string>>> = {
  expected: 'a list of key=value pairs with percent-encoded values',
  parse: parseAttributes,
};

export const cacheNames: Parser<readonly CacheNamePattern[]> = {
  expected: 'a list of pattern=name pairs, such as session:*=sessions,user:*:profile=profiles',
  parse: parseCacheNames,
};

export function oneOf<const V extends string>(...values: V[]): Parser<V> {
  return { expected: `one of ${values.join(', ')}`, parse: (value) => values.find((v) => v === value.toLowerCase()) };
}

/** As `OTEL_NODE_…_INSTRUMENTATIONS` are written: names without the package's prefix. */
export const instrumentations: Parser<readonly string[]> = {
  ...someOf(...INSTRUMENTATION_NAMES),
  expected: 'a list of instrumentations, such as http,pg,ioredis',
};

export function someOf<const V extends string>(...values: V[]): Parser<readonly V[]> {
  const knownOf = (items: string[]) => {
    const known = items.flatMap((item) => values.find((v) => v === item.toLowerCase()) ?? []);
    return known.length > 0 ? known : undefined;
  };
  return {
    expected: `a list of ${values.join(', ')}`,
    parse: (value) => {
      const items = listOf(value);
      const known = knownOf(items);
      return known?.length === items.length ? known : undefined;
    },
    goodPart: (value) => knownOf(listOf(value)),
  };
}

function wholeNumber(value: string, least: number, most: number): number | undefined {
  const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  return number >= least && number <= most ? number : undefined;
}

function listOf(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** W3C Baggage's form, as the specification of resource environment variables asks. */
function parseAttributes(value: string): Record<string, string> | undefined {
  const pairs: [string, string][] = [];
  for (const item of listOf(value)) {
    const [key = '', ...rest] = item.split('=');
    if (key.trim() === '' || rest.length === 0) return undefined;
    try {
      pairs.push([key.trim(), decodeURIComponent(rest.join('=').trim())]);
    } catch {
      return undefined;
    }
  }
  return Object.fromEntries(pairs);
}

/** A key may hold an equals sign, a name may not. */
function parseCacheNames(value: string): CacheNamePattern[] | undefined {
  const pairs = listOf(value).map((item) => {
    const end = item.lastIndexOf('=');
    return { pattern: item.slice(0, Math.max(end, 0)).trim(), name: item.slice(end + 1).trim() };
  });
  return pairs.every(({ pattern, name }) => pattern !== '' && name !== '') ? pairs : undefined;
}
