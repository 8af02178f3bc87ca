import type { Attributes } from '@opentelemetry/api';

/** A label that the exposition adds itself and that an attribute must not push aside, such as `otel_scope_name`. */
export type FixedLabels = Readonly<Record<string, string>>;

/**
 * The labels of a series as they stand between the braces, `a="1",b="2"`, without the braces; empty for no label.
 *
 * Keys that become one label name are joined with `;` in the order of the original keys, so no name ever stands twice on a
 * sample ("Prometheus and OpenMetrics Compatibility", section "Metric Attributes").
 *
 * @param reserved a label name that the sample itself uses (`le` on a histogram): an attribute that would take it becomes
 * `exported_<name>`, as Prometheus does on a clash
 */
export function labelText(attributes: Attributes, fixed: FixedLabels = {}, reserved?: string): string {
  const labels = new Map<string, string[]>(Object.entries(fixed).map(([name, value]) => [name, [value]]));
  for (const key of Object.keys(attributes).sort()) {
    const legal = labelName(key);
    const value = labelValue(attributes[key]);
    if (legal === undefined || value === undefined) continue;
    const name = legal === reserved ? `exported_${legal}` : legal;
    const values = labels.get(name);
    if (values) values.push(value);
    else labels.set(name, [value]);
  }
  return Array.from(labels, ([name, values]) => `${name}="${escapeLabelValue(values.join(';'))}"`).join(',');
}

/** A legal label name for an attribute key; undefined for a key of which nothing is left. */
export function labelName(key: string): string | undefined {
  const name = key.replace(/[^a-zA-Z0-9_]/g, '_').replace(/_{2,}/g, '_');
  if (name === '' || name === '_') return undefined;
  return /^[0-9]/.test(name) ? `key_${name}` : name;
}

/**
 * An attribute value as text ("AnyValue representation for non-OTLP protocols"). Undefined when the value cannot be
 * turned into text (a symbol, a function, a bigint in a list, a cycle): that costs the one label, never the scrape.
 */
function labelValue(value: unknown): string | undefined {
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
}

function jsonText(value: object): string | undefined {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  try {
    return JSON.stringify(value, (_key, inner: unknown) => {
      if (typeof inner === 'number' && !Number.isFinite(inner)) return String(inner);
      return inner instanceof Uint8Array ? Buffer.from(inner).toString('base64') : inner;
    });
  } catch {
    return undefined;
  }
}

/** Text exposition format 0.0.4: `\`, `"` and line feed are escaped; lone surrogates have no UTF-8 form. */
function escapeLabelValue(value: string): string {
  return Buffer.from(value, 'utf8')
    .toString('utf8')
    .replace(/[\\"\n]/g, (c) => (c === '\n' ? '\\n' : `\\${c}`));
}
