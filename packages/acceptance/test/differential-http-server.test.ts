import { Differences } from './support/differences.ts';
import { describeDifferential } from './support/differential.ts';

const differences = new Differences('HTTP servers', ['http'], []);

describeDifferential(
  'node:http',
  differences,
  {
    program: 'http-server.cjs',
    metric: 'http_server_request_duration_seconds',
    labels: [
      'url_scheme',
      'network_protocol_version',
      'http_request_method',
      'http_response_status_code',
      'error_type',
    ],
  },
  ({ same }) => {
    const get = (path: string, init?: RequestInit) => async (program: { url: string }) =>
      (await fetch(`${program.url}${path}`, init)).text();
    same('GET', get('/ok'), { 'http 1.1 GET 200 –': 1 });
  },
);

differences.defineTableTest();
