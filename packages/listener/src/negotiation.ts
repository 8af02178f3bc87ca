/** A representation of the page that can be asked for. */
export interface Offer {
  readonly mediaType: string;
  /** What a clause has to say, beside the media type, to ask for it; nothing unless given. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** The first is meant where none is named. */
  readonly versions: readonly string[];
  /** Escaping schemes of names that the page can be told to have. */
  readonly escapings: readonly string[];
}

export interface Choice<O extends Offer> {
  readonly offer: O;
  readonly contentType: string;
}

/** Longer headers are not looked into; the longest `Accept` that Prometheus sends has 300 characters. */
const LONGEST = 2048;

interface Clause {
  readonly name: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly weight: number;
}

/**
 * Chooses what an `Accept` header asks for: the offer of the heaviest clause that there is one for, among clauses of one
 * weight the first (RFC 9110, 12.5.1; Prometheus, "Content Negotiation"). Where there is none, the last offer: a scraper is
 * never turned away. Nothing of the header gets into the answer's type.
 *
 * @param offers those that differ by their escaping schemes alone stand together, the one for clauses without a scheme last
 */
export function negotiate<O extends Offer>(accept: string | undefined, offers: readonly [...O[], O]): Choice<O> {
  const last = offers.at(-1) as O;
  for (const clause of clauses(accept ?? '')) {
    const escaping = clause.parameters.get('escaping') ?? '';
    const fitting = offers.filter((one) => isAskedFor(one, clause, one.mediaType === last.mediaType));
    const offer = fitting.find(({ escapings }) => escapings.includes(escaping)) ?? fitting.at(-1);
    if (offer) return choice(offer, clause.parameters.get('version'), escaping);
  }
  return choice(last, undefined, '');
}

function isAskedFor(offer: Offer, { name, parameters }: Clause, isOfLast: boolean): boolean {
  const version = parameters.get('version');
  return (
    (offer.mediaType === name || (isOfLast && isWildcardFor(name, offer))) &&
    (version === undefined || offer.versions.includes(version)) &&
    Object.entries(offer.parameters ?? {}).every(([key, value]) => parameters.get(key) === value.toLowerCase())
  );
}

/** Whether an `Accept-Encoding` header allows gzip and does not prefer the page as it is (RFC 9110, 12.5.3). */
export function allowsGzip(acceptEncoding: string | string[] | undefined): boolean {
  const weights = new Map(allClauses(String(acceptEncoding ?? '')).map(({ name, weight }) => [name, weight]));
  const gzip = weights.get('gzip') ?? weights.get('*') ?? 0;
  return gzip > 0 && gzip >= (weights.get('identity') ?? 0);
}

function choice<O extends Offer>(offer: O, asked: string | undefined, escaping: string): Choice<O> {
  const { mediaType, parameters = {}, versions, escapings } = offer;
  const version = asked ?? versions[0];
  const parts = [
    mediaType,
    ...Object.entries(parameters).map(([key, value]) => `${key}=${value}`),
    ...(version === undefined ? [] : [`version=${version}`, 'charset=utf-8']),
    `escaping=${escapings.find((one) => one === escaping) ?? escapings[0]}`,
  ];
  return { offer, contentType: parts.join('; ') };
}

function isWildcardFor(range: string, { mediaType }: Offer): boolean {
  return range === '*/*' || range === mediaType.replace(/\/.*/, '/*');
}

/** The clauses that ask for something, the heaviest first. */
function clauses(accept: string): Clause[] {
  return allClauses(accept)
    .filter(({ weight }) => weight > 0)
    .sort((a, b) => b.weight - a.weight);
}

/** A clause whose weight is none is void. */
function allClauses(header: string): Clause[] {
  if (header.length > LONGEST) return [];
  return header
    .toLowerCase()
    .split(',')
    .map(clauseOf)
    .filter(({ weight }) => weight >= 0 && weight <= 1);
}

function clauseOf(text: string): Clause {
  const [name = '', ...rest] = text.split(';').map((part) => part.trim());
  const pairs = rest.map((part): [string, string] => {
    const at = part.indexOf('=');
    return [
      part.slice(0, Math.max(at, 0)).trim(),
      part
        .slice(at + 1)
        .trim()
        .replace(/^"(.*)"$/, '$1'),
    ];
  });
  const parameters = new Map(pairs);
  return { name, parameters, weight: weightOf(parameters.get('q')) };
}

function weightOf(q: string | undefined): number {
  if (q === undefined) return 1;
  return /^\d(?:\.\d*)?$/.test(q) ? Number(q) : Number.NaN;
}
