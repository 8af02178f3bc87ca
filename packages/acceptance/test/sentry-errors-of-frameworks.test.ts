import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, describe, test } from 'node:test';
import { startProgram } from './support/program.ts';
import { type SentryEvent, type SentryIngest, startSentry } from './support/sentry-ingest.ts';
import { until } from './support/until.ts';

let sentry: SentryIngest;
before(async () => {
  sentry = await startSentry();
});
beforeEach(() => {
  sentry.events.length = 0;
});
after(() => sentry?.stop());

interface Application {
  readonly library: string;
  readonly program: string;
  readonly libraries: 'current' | 'boundary' | 'oldest';
  readonly args?: string[];
  readonly path?: string;
  readonly foundBy: string;
}

const routes = (library: string, framework: string, libraries: 'current' | 'oldest', variant?: string) => {
  const args = variant === undefined ? [framework] : [framework, variant];
  const common = { libraries, args, foundBy: framework === 'nest' ? 'nestjs' : framework };
  const path = framework === 'nest' ? '/api/throws/:id' : '/throws/:id';
  return [
    { ...common, library, path, program: 'routes.cjs' },
    { ...common, library: `${library}, imported`, path, program: `../libraries/${libraries}/routes.mjs` },
  ];
};
const express = (library: string, libraries: 'current' | 'boundary' | 'oldest', path: string) => ({
  library: `${library}, ${path}`,
  program: 'express-routes-commonjs.cjs',
  libraries,
  path,
  foundBy: 'express',
});

const APPLICATIONS: Application[] = [
  ...['/throws/:id', '/rejects/:id', '/next/:id'].flatMap((path) => [
    express('Express 5', 'current', path),
    express('Express 4', 'oldest', path),
  ]),
  {
    ...express('Express 5, imported', 'current', '/throws/:id'),
    program: '../libraries/current/express-routes.mjs',
  },
  ...routes('Fastify 5', 'fastify', 'current'),
  ...routes('Fastify 4', 'fastify', 'oldest'),
  ...routes('Koa 3', 'koa', 'current'),
  ...routes('Koa 2', 'koa', 'oldest', 'oldest'),
  ...routes('Nest 12 on Express', 'nest', 'current', 'express'),
  ...routes('Nest 12 on Fastify', 'nest', 'current', 'fastify'),
  ...routes('Nest 10 on Express', 'nest', 'oldest', 'express-oldest'),
  ...routes('Nest 10 on Fastify', 'nest', 'oldest', 'fastify-oldest'),
];

describe('an error in a handler is reported once, with its trace, its route and the labels of its series', () => {
  for (const { library, program, libraries, args = [], path = '', foundBy } of APPLICATIONS) {
    test(library, async (t) => {
      const service = await startProgram(program, {
        args,
        env: {
          LIBRARIES: libraries,
          NODE_ENV: 'test',
          SENTRY_DSN: sentry.dsn,
          SENTRY_ENVIRONMENT: 'staging',
          SENTRY_RELEASE: 'shop@1.2.3',
          OTEL_SERVICE_NAME: 'shop',
        },
      });
      t.after(() => service.stop());
      const traceId = randomBytes(16).toString('hex');
      const url = `${service.url}${path.replace(':id', '7')}?token=secret`;
      const headers = {
        traceparent: `00-${traceId}-${'c'.repeat(16)}-01`,
        cookie: 'session=secret',
        'x-forwarded-for': '203.0.113.9',
        'user-agent': 'secret agent',
      };
      assert.equal((await fetch(url, { headers })).status, 500);
      // What the client does wrong is none of the service's errors.
      assert.equal((await fetch(`${service.url}/nothing/at/all`)).status, 404);
      await fetch(`${service.url}${path.replace(':id', '8')}`);
      await until('both are reported', async () => sentry.events.length >= 2);
      const { code, signal } = await service.stop();
      assert.deepEqual([code, signal], [null, 'SIGTERM']);
      assert.equal(sentry.events.length, 2);

      const isOfTrace = ({ contexts }: SentryEvent) => contexts.trace.trace_id === traceId;
      // Each comes over a connection of its own.
      const [event, other] = [...sentry.events].sort((a, b) => Number(isOfTrace(b)) - Number(isOfTrace(a))) as [
        SentryEvent,
        SentryEvent,
      ];
      const [exception] = event.exception?.values.slice(-1) ?? [];
      assert.match(exception?.value ?? '', /^(?:thrown|rejected|passed on)$/);
      assert.deepEqual(exception?.mechanism, { type: `auto.otel.${foundBy}`, handled: false });
      assert.deepEqual(
        [event.level, event.transaction, event.environment, event.release],
        ['error', `GET ${path}`, 'staging', 'shop@1.2.3'],
      );
      assert.equal(event.contexts.trace.trace_id, traceId);
      assert.match(event.contexts.trace.span_id, /^[0-9a-f]{16}$/);
      assert.equal(event.contexts.otel.resource['service.name'], 'shop');
      const labels = {
        http_request_method: 'GET',
        http_route: path,
        http_response_status_code: '500',
        url_scheme: 'http',
        network_protocol_version: '1.1',
        error_type: '500',
      };
      const { series, ...told } = event.contexts.metrics;
      assert.deepEqual(told, labels);
      assert.match(series, /^http_server_request_duration_seconds_bucket\{http_request_method="GET",.*\}$/);
      assert.doesNotMatch(JSON.stringify(sentry.events), /secret|203\.0\.113\.9|cookie/);
      assert.ok(!exception?.stacktrace?.frames.some(({ filename }) => filename.includes('otel/dist/')));

      assert.notEqual(other.contexts.trace.trace_id, traceId, 'a request without a trace begins one');
    });
  }
});
