/** Parameters of signed URLs, which upstream's instrumentation redacts as well. */
const SECRETS = [
  'sig',
  'Signature',
  'AWSAccessKeyId',
  'X-Goog-Signature',
  'X-Amz-Signature',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
];

/** Whether a query has one of them, or one whose name is encoded and may be one. */
const MAY_HAVE_SECRETS = new RegExp(`(?:^|&)(?:(?:${SECRETS.join('|')})(?:=|&|$)|[^=&]*[%+])`);

/** The query of a URL, without its question mark, as it may be told in a span. */
export function withoutSecrets(query: string): string {
  if (!MAY_HAVE_SECRETS.test(query)) return query;
  const parameters = new URLSearchParams(query);
  for (const name of SECRETS) if (parameters.has(name)) parameters.set(name, 'REDACTED');
  return parameters.toString();
}

/** A path and its query as they may be told in a span. */
export function pathWithoutSecrets(path: string): string {
  const at = path.indexOf('?');
  return at === -1 ? path : `${path.slice(0, at + 1)}${withoutSecrets(path.slice(at + 1))}`;
}
