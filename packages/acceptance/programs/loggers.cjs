'use strict';
const { createServer } = require('node:http');
const { setTimeout: later } = require('node:timers/promises');

/** What logs a line as JSON on stdout, by the name of the library. */
const loggers = {
  pino: (pino) => {
    const log = pino();
    return (text) => log.info({ who: 'pino' }, text);
  },
  winston: ({ createLogger, format, transports }) => {
    const log = createLogger({ format: format.json(), transports: [new transports.Console()] });
    return (text) => log.info(text, { who: 'winston' });
  },
  bunyan: (bunyan) => {
    const log = bunyan.createLogger({ name: 'bunyan' });
    return (text) => log.info({ who: 'bunyan' }, text);
  },
};
/** Logs one line with each when it starts, and when it has answered a request. */
exports.start = (libraries) => {
  const logs = Object.entries(loggers).map(([name, make]) => make(libraries[name]));
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
