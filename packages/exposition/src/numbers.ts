/** A sample's value: shortest decimal form, `NaN`, `+Inf`, `-Inf`. */
export function sampleValue(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return String(value);
}

/**
 * A bucket's bound as Go's `%g` writes it, which all client libraries share: `1e-05`, `1e+06`, and plain decimals in
 * between. The text is part of the series' identity and must not change between releases.
 */
export function bucketBound(bound: number): string {
  const text = bound.toExponential();
  const exponent = Number(text.slice(text.indexOf('e') + 1));
  if (!Number.isFinite(bound) || (exponent >= -4 && exponent < 6)) return sampleValue(bound);
  return text.replace(/([+-])(\d)$/, '$10$2');
}

/** The same with `.0` behind a whole number (OpenMetrics 1.0, "Considerations: Canonical Numbers"). */
export function canonicalBound(bound: number): string {
  const text = bucketBound(bound);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

/** A time in milliseconds as seconds with decimals. */
export function seconds(milliseconds: number): string {
  return (milliseconds / 1000).toFixed(3);
}
