/**
 * A reporter of node:test that writes `{"passed":…,"failed":…,"skipped":…}`. A test with subtests counts beside them; a suite
 * (`describe`) does not count; one marked `todo` counts as skipped.
 *
 * @param {AsyncIterable<{ type: string, data: any }>} events
 */
export default async function* countTests(events) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for await (const { type, data } of events) {
    if (data?.details?.type === 'suite') continue;
    if (type === 'test:fail' && data.todo === undefined) counts.failed++;
    else if (type === 'test:pass' || type === 'test:fail') {
      if (data.skip === undefined && data.todo === undefined) counts.passed++;
      else counts.skipped++;
    }
  }
  yield `${JSON.stringify(counts)}\n`;
}
