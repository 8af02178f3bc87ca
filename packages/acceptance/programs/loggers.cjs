'use strict';
const { createServer } = require('node:http');
const { setTimeout: later } = require('node:timers/promises');
const libraries = require('./libraries.cjs');

/** What logs a line as JSON on stdout, by the name of the library. */
const loggers = {
  pino: () => {
    const log = libraries('pino')();
    return (text) => log.info({ who: 'pino' }, text);
  },
  winston: () => {
    const { createLogger, format, transports } = libraries('winston');
    const log = createLogger({ format: format.json(), transports: [new transports.Console()] });
    return (text) => log.info(text, { who: 'winston' });
  },
  bunyan: () => {
    const log = libraries('bunyan').createLogger({ name: 'bunyan' });
    return (text) => log.info({ who: 'bunyan' }, text);
  },
};
const logs = Object.values(loggers).map((make) => make());

const server = createServer(async (_, response) => {
  await later(1);
  for (const log of logs) log('answering');
  response.end('hello');
});
server.listen(0, '127.0.0.1', () => {
  for (const log of logs) log('starting');
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
