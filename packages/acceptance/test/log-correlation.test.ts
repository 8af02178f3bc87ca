import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { startProgram } from './support/program.ts';
import { until } from './support/until.ts';

const LOGGERS = ['pino', 'winston', 'bunyan'];

type Line = Readonly<Record<string, unknown>>;

/** The lines of a service that logs one with each library when it starts, and when it has answered one request. */
async function linesOf(
  t: TestContext,
  env: Record<string, string>,
  flags = '01',
  program = 'loggers-commonjs.cjs',
): Promise<[string, Line[]]> {
  const service = await startProgram(program, {
    env: {
      LIBRARIES: 'loggers',
      OTEL_TRACES_EXPORTER: 'otlp',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
      ...env,
    },
  });
  t.after(() => service.stop());
  const traceId = randomBytes(16).toString('hex');
  await fetch(service.url, { headers: { traceparent: `00-${traceId}-${'c'.repeat(16)}-${flags}` } });
  const lines = () => Array.from(service.stdout().matchAll(/^\{.*\}$/gm), ([line]) => JSON.parse(line) as Line);
  await until('all have logged', async () => lines().length === 2 * LOGGERS.length);
  return [traceId, lines()];
}

/** What a line says beside its own time and process. */
function told({ msg, message, who, name, time, pid, hostname, level, v, ...rest }: Line): [unknown, unknown, Line] {
  return [who ?? name, msg ?? message, rest];
}

for (const [flags, what, program, how] of [
  ['01', 'sampled', 'loggers-commonjs.cjs', 'required'],
  ['00', 'not sampled', 'loggers-commonjs.cjs', 'required'],
  ['01', 'sampled', '../libraries/loggers/loggers.mjs', 'imported'],
] as const) {
  test(`OTEL_NODE_LOG_CORRELATION=true: lines within a request that is ${what} name its trace (${how})`, async (t) => {
    const [traceId, lines] = await linesOf(t, { OTEL_NODE_LOG_CORRELATION: 'true' }, flags, program);
    for (const logger of LOGGERS) {
      const [starting, answering] = lines.filter(({ who, name }) => (who ?? name) === logger);
      assert.ok(starting && answering, logger);
      assert.deepEqual(told(starting), [logger, 'starting', {}]);
      const { span_id: spanId, ...rest } = answering;
      assert.deepEqual(told(rest), [logger, 'answering', { trace_id: traceId, trace_flags: flags }]);
      assert.match(String(spanId), /^(?!c{16})[0-9a-f]{16}$/);
    }
  });
}

for (const [what, env] of [
  ['unless OTEL_NODE_LOG_CORRELATION says so', {}],
  ['where nothing is traced', { OTEL_TRACES_EXPORTER: 'none', OTEL_NODE_LOG_CORRELATION: 'true' }],
] as const) {
  test(`lines of a service are as they are without the agent ${what}`, async (t) => {
    const [, lines] = await linesOf(t, env);
    const bare = LOGGERS.flatMap((logger) => ['starting', 'answering'].map((text) => [logger, text, {}]));
    assert.deepEqual(lines.map(told).sort(), bare.sort());
  });
}
