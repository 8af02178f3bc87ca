/**
 * Text columns under headings, two spaces apart.
 *
 * @param alignRight which columns hold numbers
 */
export function table(headings: string[], rows: string[][], alignRight: boolean[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (cells: string[]) =>
    cells
      .map((cell, column) =>
        alignRight[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd();
  return [headings, ...rows].map(line).join('\n');
}

/** Such as `3.4 ms`, `870 ms` or `2.1 s`; `–` for what is not known. */
export function duration(seconds: number): string {
  if (Number.isNaN(seconds)) return '–';
  if (seconds < 0.01) return `${(seconds * 1000).toFixed(1)} ms`;
  return seconds < 1 ? `${Math.round(seconds * 1000)} ms` : `${seconds.toFixed(1)} s`;
}
