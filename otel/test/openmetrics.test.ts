import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseOpenMetrics } from '../../packages/exposition/test/support/openmetrics-parser.ts';
import { HELLO, metricsUrl, pageWith, run, serviceFolder } from './support/program.ts';

/** What Prometheus 3 asks for. */
const ACCEPT =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,' +
  'text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2';

async function families(url: string) {
  const response = await fetch(url, { headers: { accept: ACCEPT } });
  assert.equal(
    response.headers.get('content-type'),
    'application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=allow-utf-8',
  );
  return parseOpenMetrics(await response.text());
}

for (const created of [false, true]) {
  test(`the whole page is right OpenMetrics, with _created series ${created ? 'when asked for' : 'only when asked for'}`, async (t) => {
    const cwd = serviceFolder(t, { 'dist/main.js': HELLO });
    const service = run(t, { cwd, env: { OTEL_EXPORTER_PROMETHEUS_CREATED: String(created) } });
    const [, port] = await service.until(/service on (\d+)/);
    await (await fetch(`http://localhost:${port}/`)).text();
    const url = await metricsUrl(service);
    await pageWith(url, /^http_server_requests_total\{.*\} 1$/m);
    const page = await families(url);
    const [target] = page;
    assert.deepEqual([target?.name, target?.type], ['target', 'info']);
    const duration = page.find(({ name }) => name === 'http_server_request_duration_seconds');
    assert.deepEqual([duration?.type, duration?.unit], ['histogram', 'seconds']);
    assert.equal(duration?.samples.find(({ name }) => name.endsWith('_count'))?.value, 1);
    const began = page.flatMap(({ samples }) => samples.filter(({ name }) => name.endsWith('_created')));
    assert.equal(began.length > 0, created);
    for (const { value } of began) assert.ok(value > 1.7e9 && value <= Date.now() / 1000);
  });
}
