// fetch: what it answers, what it throws and with what stack, redirects, aborts, streams and headers.

import { once } from 'node:events';
import { createServer } from 'node:http';

const server = createServer(async (request, response) => {
  console.log(request.method, request.url);
  for (const name of request.rawHeaders.filter((_, index) => index % 2 === 0)) console.log('header', name);
  if (request.url === '/moved') return response.writeHead(302, { location: '/there' }).end();
  if (request.url === '/half') return response.write('half', () => request.socket.destroy());
  if (request.url === '/never') return;
  let body = '';
  for await (const chunk of request) body += chunk;
  response.setHeader('x-own', 'yes').end(`${request.method} ${body}`);
});
await once(server.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${server.address().port}`;
const tell = async (name, act) => {
  try {
    const response = await act();
    console.log(name, response.status, response.redirected, [...response.headers.keys()], await response.text());
  } catch (error) {
    for (let each = error; each; each = each.cause) console.log(name, each.name, each.code, each.message, each.stack);
  }
};
await tell('get', () => fetch(url));
await tell('post', () => fetch(url, { method: 'POST', body: 'body', headers: { 'X-Sent': '1' } }));
await tell('moved', () => fetch(`${url}/moved`));
await tell('not followed', () => fetch(`${url}/moved`, { redirect: 'manual' }));
await tell('half', () => fetch(`${url}/half`));
await tell('aborted', () => fetch(`${url}/never`, { signal: AbortSignal.timeout(30) }));
await tell('aborted at once', () => fetch(url, { signal: AbortSignal.abort(new Error('no')) }));
await tell('refused', () => fetch('http://127.0.0.1:1'));
await tell('no URL', () => fetch('nonsense'));
await tell('bad method', () => fetch(url, { method: 'A B' }));
await tell('request', () => fetch(new Request(url, { method: 'PUT', body: new Blob(['blob']), duplex: 'half' })));
server.close();
server.closeAllConnections();
