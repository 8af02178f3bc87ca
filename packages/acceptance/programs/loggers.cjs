'use strict';
const { createServer } = require('node:http');
const { setTimeout: later } = require('node:timers/promises');

/** What logs a line as JSON on stdout, made of each library. */
const loggers = ({ pino, winston, bunyan }) => {
  const ofPino = pino();
  const { createLogger, format, transports } = winston;
  const ofWinston = createLogger({ format: format.json(), transports: [new transports.Console()] });
  const ofBunyan = bunyan.createLogger({ name: 'bunyan' });
  return [
    (text) => ofPino.info({ who: 'pino' }, text),
    (text) => ofWinston.info(text, { who: 'winston' }),
    (text) => ofBunyan.info({ who: 'bunyan' }, text),
  ];
};

/** A service that logs a line with each library when it starts, and when it answers. @param {Record<string, any>} libraries */
module.exports = (libraries) => {
  const logs = loggers(libraries);
  const server = createServer(async (_, response) => {
    await later(1);
    for (const log of logs) log('answering');
    response.end('hello');
  });
  server.listen(0, '127.0.0.1', () => {
    for (const log of logs) log('starting');
    console.log(`listening on http://127.0.0.1:${server.address().port}`);
  });
};
