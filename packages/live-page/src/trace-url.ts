/**
 * Where a trace is to be looked at.
 *
 * @param template with `{trace_id}` in it; one that is no http(s) URL, such as a script, makes no link
 */
export function traceUrl(template: string | undefined, traceId: string): string | undefined {
  if (template === undefined) return undefined;
  const text = template.replaceAll('{trace_id}', encodeURIComponent(traceId));
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' || url?.protocol === 'http:' ? url.href : undefined;
}
