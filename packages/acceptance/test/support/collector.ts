import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import grpc from '@grpc/grpc-js';
import { type ReceivedSpan, spansOfJson, spansOfProtobuf } from './otlp-messages.ts';

/** An OpenTelemetry collector that a test plays itself: OTLP over http/protobuf, http/json and gRPC. */
export interface Collector {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT with either http protocol. */
  readonly httpUrl: string;
  /** For OTEL_EXPORTER_OTLP_ENDPOINT with `grpc`. */
  readonly grpcUrl: string;
  /** All spans, in the order of arrival. */
  readonly spans: ReceivedSpan[];
  /** The requests over http that were received, whatever became of them. */
  readonly requests: { readonly path: string | undefined; readonly headers: IncomingMessage['headers'] }[];
  /** What answers a request over http in place of 200, when set; its spans are not taken. */
  refuse: ((response: ServerResponse) => void) | undefined;
  stop(): Promise<void>;
}

/** @param port of http; any free one unless given */
export async function startCollector(port = 0): Promise<Collector> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    collector.requests.push({ path: request.url, headers: request.headers });
    if (collector.refuse) return collector.refuse(response);
    const { 'content-type': type, 'content-encoding': encoding } = request.headers;
    const body = encoding === 'gzip' ? gunzipSync(Buffer.concat(chunks)) : Buffer.concat(chunks);
    const isJson = type === 'application/json';
    collector.spans.push(...(isJson ? spansOfJson(body.toString()) : spansOfProtobuf(body)));
    response.setHeader('content-type', type ?? '').end(isJson ? '{}' : '');
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');

  const grpcServer = new grpc.Server();
  const asItIs = (bytes: Buffer) => bytes;
  grpcServer.addService(
    {
      export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
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
        collector.spans.push(...spansOfProtobuf(request));
        done(null, Buffer.alloc(0));
      },
    },
  );
  const grpcPort = await new Promise<number>((resolve, reject) => {
    grpcServer.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });

  const collector: Collector = {
    httpUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    grpcUrl: `http://127.0.0.1:${grpcPort}`,
    spans: [],
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
