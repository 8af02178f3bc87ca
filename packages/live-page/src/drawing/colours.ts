/** Colours by their names in page.css, where those for light and dark are. */
export type Colour =
  | 'ok'
  | 'moved'
  | 'refused'
  | 'failed'
  | 'aborted'
  | 'blue'
  | 'violet'
  | 'text'
  | 'muted'
  | 'grid'
  | 'panel'
  | 'heat-0'
  | 'heat-1'
  | 'heat-2';

const known = new Map<Colour, string>();

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => known.clear());

export function colour(name: Colour): string {
  let value = known.get(name);
  if (value === undefined) {
    value = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
    known.set(name, value);
  }
  return value;
}

/** @param heat from 0 to 1 */
export function heatColour(heat: number): string {
  const [from, to, share]: [Colour, Colour, number] =
    heat < 0.5 ? ['heat-0', 'heat-1', heat * 2] : ['heat-1', 'heat-2', heat * 2 - 1];
  const [a, b] = [rgb(colour(from)), rgb(colour(to))];
  return `rgb(${a.map((value, index) => Math.round(value + ((b[index] ?? 0) - value) * share)).join(' ')})`;
}

/** @param hex such as #0f766e */
function rgb(hex: string): number[] {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
}
