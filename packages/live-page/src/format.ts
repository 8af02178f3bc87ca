/** How numbers are written: three digits that count, and the unit. */

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** `1,240`, `12.3`, `0.45`. */
export function decimal(value: number): string {
  const size = Math.abs(value);
  if (size >= 99.95) return whole.format(value);
  if (size >= 9.995) return value.toFixed(1);
  return size === 0 ? '0' : value.toFixed(2);
}

export function integer(value: number): string {
  return whole.format(value);
}

/** @param seconds such as 0.0123, which is `12.3 ms` */
export function duration(seconds: number): string {
  if (seconds === 0) return '0 ms';
  if (seconds < 0.0009995) return `${decimal(seconds * 1e6)} µs`;
  if (seconds < 0.9995) return `${decimal(seconds * 1e3)} ms`;
  return seconds < 99.95 ? `${decimal(seconds)} s` : age(seconds);
}

export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = value < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(value) / 3 + 1e-9));
  return `${decimal(value / 1000 ** power)} ${units[power]}`;
}

/** @param ratio from 0 to 1 */
export function percent(ratio: number): string {
  return `${decimal(ratio * 100)} %`;
}

/** `3 d 4 h`, `5 min 12 s`. */
export function age(seconds: number): string {
  const parts: [number, string][] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [Math.floor(seconds) % 60, 's'],
  ];
  const first = Math.max(
    0,
    parts.findIndex(([count]) => count > 0),
  );
  return (seconds < 60 ? parts.slice(-1) : parts.slice(first, first + 2)).map((part) => part.join(' ')).join(' ');
}

/** The time of day. */
export function clock(time: number): string {
  return new Date(time).toLocaleTimeString('en-GB');
}

/** The same without zeros that say nothing: `5 ms`, for a scale. */
export function withoutZeros(text: string): string {
  return text.replace(/\.(\d*?)0+(?=\D|$)/, (_, digits: string) => (digits ? `.${digits}` : ''));
}
