'use strict';

// Has its log records sent by a provider of its own.
const { logs } = require('@opentelemetry/api');
const { LoggerProvider, SimpleLogRecordProcessor } = require('@opentelemetry/sdk-logs');

const exporter = {
  export(records, done) {
    for (const { body, attributes } of records) console.log('sent', body, attributes);
    done({ code: 0 });
  },
  async forceFlush() {},
  async shutdown() {},
};
const before = logs.getLogger('from before');
const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
console.log('is registered', logs.setGlobalLoggerProvider(provider));
before.emit({ body: 'by a logger from before' });
logs.getLogger('orders').emit({ body: 'by a logger', attributes: { order: 7 } });
provider.shutdown().then(() => console.log('is shut down'));
