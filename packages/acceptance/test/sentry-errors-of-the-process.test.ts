import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { type Ended, runProgram, withoutAgentLines } from './support/program.ts';
import { type SentryIngest, startSentry } from './support/sentry-ingest.ts';

let sentry: SentryIngest;
before(async () => {
  sentry = await startSentry();
});
beforeEach(() => {
  sentry.events.length = 0;
});
after(() => sentry?.stop());

/** Warnings name the process, and stacks what called the program: also the agent, on the way to a listener. */
const comparable = (ended: Ended) => {
  const { code, signal, stdout, stderr } = withoutAgentLines(ended);
  const said = stderr.replaceAll(/^\(node:\d+\)/gm, '(node)').replaceAll(/^ +at (?!.*process-errors\.cjs).*\n/gm, '');
  return { code, signal, stdout, stderr: said };
};

/** Runs a scenario with and without the agent: it ends alike. @returns what was reported */
async function reportedOf(scenario: string, ...nodeArguments: string[]) {
  const traceId = randomBytes(16).toString('hex');
  const env = { TRACE_ID: traceId, SENTRY_DSN: sentry.dsn };
  const bare = await runProgram('process-errors.cjs', { args: [scenario], env, nodeArguments });
  const watched = await runProgram('process-errors.cjs', {
    args: [scenario],
    env,
    nodeArguments: ['-r', './otel/register', ...nodeArguments],
  });
  assert.deepEqual(comparable(watched), comparable(bare));
  return { traceId, code: bare.code, events: sentry.events };
}

const EXCEPTION = ['Error: thrown', 'fatal', 'auto.otel.uncaughtException'];
const REJECTION = ['Error: rejected', 'error', 'auto.otel.unhandledRejection'];

const TABLE: [scenario: string, nodeArguments: string[], code: number, reported: string[]][] = [
  ['exception', [], 1, EXCEPTION],
  ['exception-at-once', [], 1, EXCEPTION],
  ['exception-of-a-value', [], 1, ['Error: only a text', 'fatal', 'auto.otel.uncaughtException']],
  ['listeners', [], 1, EXCEPTION],
  ['exit-handler', [], 1, EXCEPTION],
  ['own-handler', [], 0, EXCEPTION],
  ['own-handler-that-exits', [], 3, EXCEPTION],
  ['own-capture', [], 0, EXCEPTION],
  ['rejection', [], 1, REJECTION],
  ['rejection-of-a-value', [], 1, ['Error: only a text', 'error', 'auto.otel.unhandledRejection']],
  ['own-rejection-handler', [], 0, REJECTION],
  ['rejection', ['--unhandled-rejections=warn'], 0, REJECTION],
  ['rejection', ['--unhandled-rejections=none'], 0, REJECTION],
  ['rejection', ['--unhandled-rejections=strict'], 1, REJECTION],
];

describe('the process ends as without the agent, and what it failed with is reported once', () => {
  for (const [scenario, nodeArguments, code, reported] of TABLE) {
    test([scenario, ...nodeArguments].join(' '), async () => {
      const ended = await reportedOf(scenario, ...nodeArguments);
      assert.equal(ended.code, code);
      assert.deepEqual(
        ended.events.map(({ level, exception }) => {
          const [{ type, value, mechanism } = { type: '', value: '' }] = exception?.values.slice(-1) ?? [];
          return [`${type}: ${value}`, level, mechanism?.type];
        }),
        [reported],
      );
    });
  }

  for (const nodeArguments of [[], ['--unhandled-rejections=warn']]) {
    test(`of two reasons that are no errors both are, as far as the process lives ${nodeArguments}`, async () => {
      const { events } = await reportedOf('two-rejections', ...nodeArguments);
      const values = events.map(({ exception }) => exception?.values.at(-1)?.value);
      assert.deepEqual(values.sort(), nodeArguments.length > 0 ? ['one', 'two'] : ['one']);
    });
  }

  test('an error that fails when it is looked at changes nothing', async () => {
    const { code, events } = await reportedOf('exception-that-cannot-be-read');
    assert.deepEqual([code, events.length], [1, 1]);
  });

  for (const scenario of ['in-a-request', 'later-in-a-request', 'rejection-in-a-request']) {
    test(`with the trace of its request: ${scenario}`, async () => {
      const { traceId, events } = await reportedOf(scenario);
      assert.equal(events.length, 1);
      assert.equal(events[0]?.contexts.trace.trace_id, traceId);
      assert.equal(events[0]?.transaction, 'GET');
      assert.equal(events[0]?.contexts.metrics.http_request_method, 'GET');
      assert.doesNotMatch(JSON.stringify(events), /secret|some\/path/);
    });
  }
});
