'use strict';
const http = require('node:http');
const { once } = require('node:events');
const net = require('node:net');
const libraries = require('./libraries.cjs');
const { serveSteps } = require('./steps.cjs');

// Clients that name their server in every way there is.
const { SERVER: server, SOCKET } = process.env;
const { port } = new URL(server);

/** @param {(respond: (response: http.IncomingMessage) => void) => http.ClientRequest} send */
const answered = (send) =>
  new Promise((resolve, reject) => {
    const request = send((response) => response.resume().on('end', () => resolve(response.statusCode)));
    request.on('error', reject);
  });

/** Whatever a URL says, the connection goes to the server of the test. */
const agent = new http.Agent();
agent.createConnection = () => net.connect(Number(port), '127.0.0.1');

const undici = () => {
  const { Agent, request } = libraries('undici');
  const dispatcher = new Agent({
    connect: (_, done) => {
      const socket = net.connect(Number(port), '127.0.0.1', () => done(null, socket));
    },
  });
  return async (url, options) => {
    const { statusCode, body } = await request(url, { dispatcher, ...options });
    await body.dump();
    return statusCode;
  };
};

serveSteps({
  url: () => answered((respond) => http.get(new URL(`${server}/ok`), respond)),
  options: () => answered((respond) => http.get({ hostname: '127.0.0.1', port: Number(port), path: '/ok' }, respond)),
  hostOption: () => answered((respond) => http.get({ host: '127.0.0.1', port, path: '/ok' }, respond)),
  urlAndOptions: () => answered((respond) => http.get(`${server}/ok`, { headers: { accept: '*/*' } }, respond)),
  lowerCase: () => answered((respond) => http.request(`${server}/ok`, { method: 'post' }, respond).end()),
  defaultPort: () => answered((respond) => http.get('http://default-port.test/ok', { agent }, respond)),
  noHost: () => answered((respond) => http.get({ path: '/ok', agent }, respond)),
  async unixSocket() {
    const local = http.createServer((_, response) => response.end('ok')).listen(SOCKET);
    await once(local, 'listening');
    const status = await answered((respond) => http.get({ socketPath: SOCKET, path: '/ok', agent: false }, respond));
    local.close();
    return status;
  },
  constructed: () => answered((respond) => new http.ClientRequest(`${server}/ok`, respond).end()),
  ipv6: () => answered((respond) => http.get('http://[::1]:8080/ok', { agent }, respond)),
  ipv6Host: () => answered((respond) => http.get({ host: '::1', port: 8080, path: '/ok', agent }, respond)),
  undiciIpv6: () => undici()('http://[::1]:8080/ok'),
  fetchLowerCase: async () => (await fetch(`${server}/ok`, { method: 'patch', body: 'x' })).text(),
  undiciLowerCase: () => undici()(`${server}/ok`, { method: 'post' }),
  undiciDefaultPort: () => undici()('http://default-port.test/ok'),
  undiciSecureDefaultPort: () => undici()('https://default-port.test/ok'),
});
