import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import grpc from '@grpc/grpc-js';
import type { CertificateFiles } from './certificates.ts';
import { type ReceivedSpan, spansOfJson, spansOfProtobuf } from './otlp-messages.ts';
import { pointsOfJson, pointsOfProtobuf, type ReceivedPoint } from './otlp-metrics.ts';

/** An OpenTelemetry collector that a test plays itself: OTLP over http/protobuf, http/json and gRPC. */
export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT with either http protocol. */
  readonly httpUrl: string;
  /** For OTEL_EXPORTER_OTLP_ENDPOINT with `grpc`. */
  readonly grpcUrl: string;
  /** All spans, in the order of arrival. */
  readonly spans: ReceivedSpan[];
  /** The points of metrics of each request, which have `metrics` in their path. */
  readonly metrics: ReceivedPoint[][];
  /** The requests over http that were received, whatever became of them. */
  readonly requests: { readonly path: string | undefined; readonly headers: IncomingMessage['headers'] }[];
  /** What answers a request over http in place of 200, when set; what it brings is not taken. */
  refuse: ((response: ServerResponse) => void) | undefined;
  stop(): Promise<void>;
}

/**
 * @param port of http; any free one unless given
 * @param files it speaks TLS, and only with clients that have this certificate as well
 */
export async function startCollector(port = 0, files?: CertificateFiles): Promise<Collector> {
  const tls = files && { cert: readFileSync(files.certificate), key: readFileSync(files.key) };
  const listener: RequestListener = async (request, response) => {
    const sent = await buffer(request).catch(() => undefined);
    // Who breaks off has sent nothing.
    if (sent === undefined) return;
    collector.requests.push({ path: request.url, headers: request.headers });
    if (collector.refuse) return collector.refuse(response);
    const { 'content-type': type, 'content-encoding': encoding } = request.headers;
    const body = encoding === 'gzip' ? gunzipSync(sent) : sent;
    const isJson = type === 'application/json';
    if (/metrics/.test(request.url ?? '')) {
      collector.metrics.push(isJson ? pointsOfJson(body.toString()) : pointsOfProtobuf(body));
    } else {
      collector.spans.push(...(isJson ? spansOfJson(body.toString()) : spansOfProtobuf(body)));
    }
    response.setHeader('content-type', type ?? '').end(isJson ? '{}' : '');
  };
  const server = tls
    ? createSecureServer({ ...tls, ca: tls.cert, requestCert: true }, listener)
    : createServer({ keepAliveTimeout: 0 }, listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const grpcServer = new grpc.Server();
  const asItIs = (bytes: Buffer) => bytes;
  const take = (service: string, took: (bytes: Buffer) => void) =>
    grpcServer.addService(
      {
        export: {
          path: `/opentelemetry.proto.collector.${service}/Export`,
          requestStream: false,
          responseStream: false,
          requestSerialize: asItIs,
          requestDeserialize: asItIs,
          responseSerialize: asItIs,
          responseDeserialize: asItIs,
        },
      },
      {
        export: ({ request }: { request: Buffer }, done: (error: null, answer: Buffer) => void) => {
          took(request);
          done(null, Buffer.alloc(0));
        },
      },
    );
  take('trace.v1.TraceService', (bytes) => collector.spans.push(...spansOfProtobuf(bytes)));
  take('metrics.v1.MetricsService', (bytes) => collector.metrics.push(pointsOfProtobuf(bytes)));
  const credentials = tls
    ? grpc.ServerCredentials.createSsl(tls.cert, [{ cert_chain: tls.cert, private_key: tls.key }], true)
    : grpc.ServerCredentials.createInsecure();
  const grpcPort = await new Promise<number>((resolve, reject) => {
    grpcServer.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)));
  });

  const scheme = tls ? 'https' : 'http';
  const collector: Collector = {
    httpUrl: `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    grpcUrl: `${scheme}://127.0.0.1:${grpcPort}`,
    spans: [],
    metrics: [],
    requests: [],
    refuse: undefined,
    async stop() {
      grpcServer.forceShutdown();
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return collector;
}
