/** Text columns under headings, two spaces apart: the first to the left, the others to the right. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const columns = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.filter(isWhole).map((row) => row[column]!.length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(columns[column]!) : cell.padStart(columns[column]!)))
      .join('  ')
      .trimEnd();
  // A row of two cells is a name and a sentence, which makes no column wider.
  return [headings, ...rows]
    .map((row) => (isWhole(row) ? line(row) : `${row[0]!.padEnd(columns[0]!)}  ${row[1]}`))
    .join('\n');

  function isWhole(row: readonly string[]): boolean {
    return row.length === headings.length;
  }
}

/** A number with as many digits as say something: `0.42`, `7.3`, `1,870`. */
export function number(value: number): string {
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A difference, such as `+1.2` or `−0.3`. */
export function signed(value: number): string {
  return value < 0 ? `−${number(-value)}` : `+${number(value)}`;
}

/** A ratio, such as `1.03×`. */
export function times(value: number): string {
  return `${value.toFixed(2)}×`;
}
