import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Spotlight, startSpotlight } from '../src/spotlight/spotlight.ts';

let spotlight: Spotlight;
before(async () => {
  spotlight = await startSpotlight();
});
after(() => spotlight?.stop());

const traceId = 'ab'.repeat(16);
const [gateway, call, payments, query, late] = ['1', '2', '3', '4', '5'].map((digit) => digit.repeat(16)) as [
  string,
  string,
  string,
  string,
  string,
];
const [SERVER, CLIENT] = [2, 3];
/** What the flags say of a parent: that it is of the same process, or that it is not. */
const [LOCAL, REMOTE] = [0x101, 0x301];

const span = (spanId: string, parentSpanId: string, name: string, kind: number, flags: number, attribute: string) => ({
  ...{ traceId, spanId, parentSpanId, name, kind, flags },
  startTimeUnixNano: '1800000000000000000',
  endTimeUnixNano: '1800000000250000000',
  attributes: [{ key: attribute, value: { stringValue: 'value' } }],
});

async function exportSpans(service: string, ...spans: object[]): Promise<Response> {
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: service } }] };
  return fetch(`${spotlight.url}/api/1/integration/otlp/v1/traces/`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
}

/** The first events that Spotlight gives a browser. */
async function shown(count: number) {
  const response = await fetch(`${spotlight.url}/stream`);
  const events: Record<string, unknown>[] = [];
  let text = '';
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    const messages = text.split('\n\n');
    text = messages.pop() ?? '';
    for (const message of messages) {
      const [, data] = /^data: ?(.*)$/m.exec(message) ?? [];
      if (data) events.push(...JSON.parse(data)[1].map(([, event]: [object, Record<string, unknown>]) => event));
    }
    if (events.length >= count) break;
  }
  return events;
}

test('spans become one transaction a service, whole, in whatever order they come', async () => {
  await exportSpans('payments', span(query, payments, 'SELECT payments', CLIENT, LOCAL, 'db.system.name'));
  await exportSpans('payments', span(payments, call, 'GET /payments/:id', SERVER, REMOTE, 'http.request.method'));
  await exportSpans(
    'api-gateway',
    span(call, gateway, 'GET', CLIENT, LOCAL, 'http.request.method'),
    span(gateway, '', 'GET /v1/payments/:id', SERVER, LOCAL, 'http.request.method'),
  );
  const response = await exportSpans('api-gateway', span(late, gateway, 'EVALSHA', CLIENT, LOCAL, 'db.system.name'));
  assert.equal(response.status, 200);

  const events = (await shown(3)).map(({ transaction, tags, contexts, spans }) => ({
    transaction,
    tags,
    parent: (contexts as { trace: { parent_span_id?: string } }).trace.parent_span_id,
    spans: (spans as { op: string; description: string }[]).map(({ op, description }) => `${op} ${description}`),
  }));
  assert.deepEqual(events, [
    {
      transaction: 'GET /payments/:id',
      tags: { service: 'payments' },
      parent: call,
      spans: ['db SELECT payments'],
    },
    {
      transaction: 'GET /v1/payments/:id',
      tags: { service: 'api-gateway' },
      parent: undefined,
      spans: ['http.client GET'],
    },
    { transaction: 'EVALSHA', tags: { service: 'api-gateway' }, parent: gateway, spans: [] },
  ]);
});

test('spans in protobuf are refused with what to do', async () => {
  const response = await fetch(`${spotlight.url}/v1/traces`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-protobuf' },
    body: new Uint8Array([1]),
  });
  assert.equal(response.status, 415);
  assert.match(await response.text(), /OTEL_EXPORTER_OTLP_PROTOCOL=http\/json/);
});
