'use strict';
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const url = process.env.REDIS_URL;
const SCRIPT = "return redis.error_reply('MINE ' .. ARGV[1])";

/** How each library is asked for the same. */
const asking = {
  async ioredis() {
    const Redis = libraries('ioredis');
    const redis = new Redis(url);
    const together = new Redis(url, { enableAutoPipelining: true });
    const subscriber = new Redis(url);
    const away = new Redis(1, { lazyConnect: true, retryStrategy: null }).on('error', () => {});
    const other = new Redis(url, { db: 3 });
    return {
      call: (...command) => redis.call(...command),
      pipeline: (...commands) => redis.pipeline(commands.map(lowered)).exec(),
      multi: (...commands) => redis.multi(commands.map(lowered)).exec(),
      subscribe: (channel, got) => subscriber.on('message', got).subscribe(channel),
      away: () => away.get('x'),
      other: () => other.get('x'),
      together: () => Promise.all([together.get('a'), together.get('b')]),
    };
  },

  async redis() {
    const { createClient } = libraries('redis');
    const open = async (options) => {
      const made = createClient({ url, ...options }).on('error', () => {});
      await made.connect();
      return made;
    };
    const main = await open();
    const subscriber = await open();
    const other = await open({ database: 3 });
    const away = createClient({ url });
    const filled = (commands) => commands.reduce((multi, command) => multi.addCommand(command), main.multi());
    return {
      call: (...command) => main.sendCommand(command),
      pipeline: (...commands) => filled(commands).execAsPipeline(),
      multi: (...commands) => filled(commands).exec(),
      subscribe: (channel, got) => subscriber.subscribe(channel, got),
      away: () => away.sendCommand(['GET', 'x']),
      other: () => other.get('x'),
    };
  },
};

const lowered = ([name, ...args]) => [name.toLowerCase(), ...args];

asking[process.argv[2]]().then(({ call, pipeline, multi, subscribe, away, other, together }) =>
  serveSteps({
    get: () => call('GET', 'session:1'),
    set: () => call('SET', 'session:1', 'secret', 'EX', '60'),
    mget: () => call('MGET', 'a', 'b'),
    other: () => other(),
    async errors() {
      await call('SET', 'text', 'secret');
      return [
        await outcome(call('INCR', 'text')),
        await outcome(call('NOSUCH', 'secret')),
        await outcome(call('EVAL', SCRIPT, '0', 'secret')),
      ];
    },
    away: () => outcome(away()),
    sameInPipeline: () => pipeline(['SET', 'a', 'secret'], ['SET', 'b', 'secret']),
    pipeline: () => outcome(pipeline(['GET', 'a'], ['SET', 'b', 'secret'], ['INCR', 'b'])),
    one: () => pipeline(['GET', 'a']),
    long: () => pipeline(...Array.from({ length: 50 }, (_, n) => ['GET', `key:${n}`])),
    multi: () => multi(['SET', 'a', 'secret'], ['GET', 'a']),
    multiFails: () => outcome(multi(['SET', 'a', 'secret'], ['INCR', 'a'])),
    multiAborted: () => outcome(multi(['SET', 'a', 'secret'], ['SET'])),
    async subscribe() {
      let got;
      const message = new Promise((resolve) => {
        got = resolve;
      });
      await subscribe('news', (...args) => got(args));
      await call('PUBLISH', 'news', 'secret');
      return (await message).includes('secret');
    },
    parallel: () => Promise.all([call('GET', 'a'), call('GET', 'b'), pipeline(['GET', 'a'], ['GET', 'b'])]),
    together: () => together(),
  }),
);
