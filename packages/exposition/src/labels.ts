import type { Attributes } from '@opentelemetry/api';
import type { ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { type Escaping, escapeLabelName, isLegalLabelName } from './escaping.ts';
import { type TranslationStrategy, wellFormed } from './names.ts';

/** How the names on a page come about: translated, then escaped. */
export interface Naming {
  readonly strategy: TranslationStrategy;
  readonly escaping: Escaping;
  /** Scopes whose names are Prometheus' own already: nothing is translated there, whatever the strategy. */
  readonly prometheusScopes?: readonly string[];
}

/** What made a metric. Attributes are in OpenTelemetry's data model, and not yet in the JavaScript SDK's type. */
export type Scope = ScopeMetrics['scope'] & { readonly attributes?: Attributes };

/** How the names of one scope come about. */
export function namingIn({ name }: Scope, naming: Naming): Naming {
  return naming.prometheusScopes?.includes(name) ? { ...naming, strategy: 'no_translation' } : naming;
}

/**
 * The labels that say which scope a series is of ("Prometheus and OpenMetrics Compatibility", section "Instrumentation
 * Scope"): an attribute of the scope that would take the name of one of the three others is left out.
 */
export function scopeLabels(scope: Scope, naming: Naming): ReadonlyMap<string, string> {
  const labelOf = (key: string) => `otel_scope_${key}`;
  const own = Object.entries({ name: scope.name, version: scope.version, schema_url: scope.schemaUrl });
  const labels = new Map(own.map(([key, value]) => [escapeLabelName(labelOf(key), naming.escaping), value ?? '']));
  const attributes = Object.entries(scope.attributes ?? {}).map(([key, value]) => [labelOf(key), value]);
  for (const [name, value] of labelPairs(Object.fromEntries(attributes), naming)) {
    if (!labels.has(name)) labels.set(name, value);
  }
  return labels;
}

/**
 * The labels of a series, by name.
 *
 * Keys that become one label name are joined with `;` in the order of the original keys, so no name ever stands twice on a
 * sample ("Prometheus and OpenMetrics Compatibility", section "Metric Attributes").
 *
 * @param fixed labels that the exposition adds itself and that an attribute must not push aside, as they stand on the page
 * @param reserved a label name that the sample itself uses (`le` on a histogram): an attribute that would take it becomes
 * `exported_<name>`, as Prometheus does on a clash; `__name__` is one always
 */
export function labelPairs(
  attributes: Attributes,
  naming: Naming,
  fixed: ReadonlyMap<string, string> = new Map(),
  reserved?: string,
): Map<string, string> {
  const labels = new Map<string, string[]>();
  for (const [name, value] of fixed) labels.set(name, [value]);
  for (const key of Object.keys(attributes).sort()) {
    const legal = labelName(key, naming);
    const value = labelValue(attributes, key);
    if (legal === undefined || value === undefined) continue;
    const name = legal === reserved || legal === '__name__' ? `exported_${legal}` : legal;
    const values = labels.get(name);
    if (values) values.push(value);
    else labels.set(name, [value]);
  }
  const joined = Array.from(labels, ([name, values]): [string, string] => [name, values.join(';')]);
  // To Prometheus an empty label is none.
  return new Map(joined.filter(([, value]) => value !== ''));
}

/** Labels as they stand between the braces of the text formats, `a="1",b="2"`, without the braces; empty for no label. */
export function labelText(labels: ReadonlyMap<string, string>): string {
  return Array.from(labels, ([name, value]) => `${quotedUnlessLegal(name)}="${escapeQuoted(wellFormed(value))}"`).join(
    ',',
  );
}

function quotedUnlessLegal(name: string): string {
  return isLegalLabelName(name) ? name : quoted(name);
}

/** A name that only newer versions of Prometheus read, as they want it. */
export function quoted(name: string): string {
  return `"${escapeQuoted(name)}"`;
}

function labelName(key: string, { strategy, escaping }: Naming): string | undefined {
  const translated = strategy.startsWith('underscore') ? legalLabelName(key) : wellFormed(key);
  return translated ? escapeLabelName(translated, escaping) : undefined;
}

/** A legal label name for an attribute key; undefined for a key of which nothing is left. */
function legalLabelName(key: string): string | undefined {
  const name = key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/_{2,}/g, '_');
  if (name === '' || name === '_') return undefined;
  return /^[0-9]/.test(name) ? `key_${name}` : name;
}

/**
 * An attribute value as text ("AnyValue representation for non-OTLP protocols"). Undefined when the value cannot be
 * turned into text (a symbol, a function, a bigint in a list, a cycle): that costs the one label, never the scrape.
 */
function labelValue(attributes: Attributes, key: string): string | undefined {
  try {
    const value: unknown = attributes[key];
    switch (typeof value) {
      case 'string':
        return value;
      case 'number':
      case 'boolean':
        return String(value);
      case 'undefined':
        return '';
      case 'object':
        return value === null ? '' : jsonText(value);
      default:
        return undefined;
    }
  } catch {
    return undefined;
  }
}

function jsonText(value: object): string | undefined {
  if (value instanceof Uint8Array) return base64(value);
  return JSON.stringify(value, function (this: Record<string, unknown>, key: string, inner: unknown) {
    // Buffers come here as what their toJSON makes of them.
    const own = this[key];
    if (own instanceof Uint8Array) return base64(own);
    return typeof inner === 'number' && !Number.isFinite(inner) ? String(inner) : inner;
  });
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

/** Text exposition format 0.0.4, OpenMetrics 1.0: `\`, `"` and line feed are escaped. */
function escapeQuoted(text: string): string {
  return text.replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}
