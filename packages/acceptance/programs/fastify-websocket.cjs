'use strict';
const libraries = require('./libraries.cjs');

const app = libraries('fastify')();
app.register(libraries('@fastify/websocket'));
app.register(async (scope) => {
  scope.get('/rooms/:room', { websocket: true }, (socket) => socket.send('welcome'));
});
app.listen({ port: 0, host: '127.0.0.1' }).then((url) => console.log(`listening on ${url}`));
