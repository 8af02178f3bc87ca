'use strict';
const { once } = require('node:events');
const Redis = require('./libraries.cjs')('ioredis');
const { outcome, serveSteps } = require('./steps.cjs');

const url = process.env.REDIS_URL;
const redis = new Redis(url);

/** Old versions have no method for each command. */
const ask = (name, ...args) => (redis[name] ? redis[name](...args) : redis.call(name, ...args));

let opened = [];

serveSteps({
  async outcomes() {
    await redis.set('plain', '1');
    await redis.get('plain');
    return [
      await outcome(redis.hget('plain', 'field')),
      await outcome(redis.call('NOSUCH')),
      await outcome(redis.eval('return redis.error_reply("MINE my own")', 0)),
    ];
  },

  async answered() {
    const command = new Redis.Command('get', ['plain']);
    await redis.sendCommand(command);
    return Object.getOwnPropertySymbols(command).map((name) => [name.toString(), typeof command[name]]);
  },

  async offlineQueue() {
    const late = new Redis(url, { lazyConnect: true });
    const replies = await Promise.all([late.set('a', '1'), late.incr('a'), late.get('a')]);
    await late.quit();
    return replies;
  },

  async pipeline() {
    await redis.set('page:1', 'x');
    return redis.pipeline().get('page:1').get('page:2').incr('page:1').set('page:3', 'y').exec();
  },

  async multi() {
    await redis.mset('cart:1', 'x', 'cart:2', 'y');
    return redis.multi().get('cart:1').get('cart:none').hget('cart:2', 'f').mget('cart:2', 'cart:none').exec();
  },

  async multiByHand() {
    await redis.multi({ pipeline: false });
    await redis.get('cart:1');
    await redis.get('cart:none');
    return redis.exec();
  },

  async multiDiscarded() {
    await redis.multi({ pipeline: false });
    await redis.get('cart:1');
    await redis.discard();
    return redis.get('cart:1');
  },

  async multiAborted() {
    const aborted = await outcome(redis.multi().get('cart:1').call('NOSUCH').exec());
    return [aborted, await redis.get('cart:1')];
  },

  /** A connection that goes in the middle of a transaction leaves none behind. */
  async multiCut() {
    const other = new Redis(url);
    await other.multi({ pipeline: false });
    await other.get('cart:1');
    other.disconnect(true);
    await once(other, 'ready');
    await other.set('cart:4', 'QUEUED for nobody');
    const value = await other.get('cart:4');
    await other.quit();
    return value;
  },

  async scripts() {
    redis.defineCommand('double', { numberOfKeys: 1, lua: 'return redis.call("GET", KEYS[1]) * 2' });
    await redis.set('number', '21');
    const replies = [await redis.double('number'), await redis.double('number')];
    await redis.script('FLUSH');
    return [...replies, await redis.double('number')];
  },

  async forms() {
    const prefixed = new Redis(url, { keyPrefix: 'shop:' });
    await prefixed.set('price', '9');
    const byPrefix = await prefixed.get('price');
    await prefixed.quit();
    const buffer = await redis.getBuffer(Buffer.from('shop:price'));
    const byCallback = await new Promise((resolve) => redis.get('shop:none', (_, value) => resolve(value)));
    return [byPrefix, buffer.toString(), byCallback];
  },

  /** The types that RESP3 tells apart. */
  async resp3() {
    const other = new Redis(url, { protocol: 3, replyMapping: 'resp3' });
    await other.hset('r:1', 'f', '1');
    await other.sadd('t:1', 'a');
    await other.hgetall('r:1');
    await other.hgetall('r:none');
    await other.smembers('t:1');
    await other.get('r:none');
    await other.multi().hgetall('r:1').get('r:none').exec();
    await other.quit();
  },

  async cut() {
    const other = new Redis(url, { retryStrategy: () => null });
    await once(other, 'ready');
    const id = await other.client('ID');
    const waiting = outcome(other.blpop('empty', 0));
    await redis.client('KILL', 'ID', id);
    return waiting;
  },

  /** A command whose connection goes is sent again on the next one. */
  async resent() {
    const other = new Redis(url, { maxRetriesPerRequest: null });
    await once(other, 'ready');
    const id = await other.client('ID');
    const waiting = other.blpop('again', 0);
    const back = once(other, 'ready');
    await redis.client('KILL', 'ID', id);
    await back;
    await redis.rpush('again', 'x');
    const reply = await waiting;
    await other.quit();
    return reply;
  },

  /** The reply comes after the command has been given up. */
  async timeout() {
    const hasty = new Redis(url);
    await once(hasty, 'ready');
    hasty.options.commandTimeout = 20;
    const given = outcome(hasty.blpop('empty', 0));
    await given;
    await redis.rpush('empty', 'x');
    hasty.options.commandTimeout = undefined;
    await hasty.ping();
    hasty.disconnect();
    return given;
  },

  async ended() {
    const gone = new Redis(url);
    await once(gone, 'ready');
    await gone.quit();
    return outcome(gone.get('x'));
  },

  async database() {
    const other = new Redis(`${url}/3`);
    const replies = [await other.set('a', '1'), await other.select(5), await other.get('a')];
    await other.quit();
    return replies;
  },

  /** A connection that is lost comes again, to the same database, and subscribes again. */
  async reconnect() {
    const other = new Redis(url, { connectionName: 'service' });
    await other.select(4);
    const id = await other.client('ID');
    const again = once(other, 'ready');
    await redis.client('KILL', 'ID', id);
    await again;
    const reply = await other.incr('again');
    other.disconnect();
    return reply;
  },

  async subscribe() {
    const subscriber = new Redis(url);
    const heard = once(subscriber, 'message');
    await subscriber.subscribe('news');
    await redis.publish('news', 'x');
    await heard;
    await subscriber.unsubscribe('news');
    await subscriber.quit();
    return heard;
  },

  async blocking() {
    const waiting = new Redis(url);
    const reply = waiting.blpop('late', 10);
    await once(waiting, 'ready');
    await redis.rpush('late', 'x');
    const value = await reply;
    await waiting.quit();
    return value;
  },

  async autoPipelining() {
    const auto = new Redis(url, { enableAutoPipelining: true });
    await auto.set('auto:1', 'x');
    const replies = await Promise.all([auto.get('auto:1'), auto.get('auto:2'), outcome(auto.lpop('auto:1'))]);
    await auto.quit();
    return replies;
  },

  async open() {
    opened = [new Redis(url), new Redis(url)];
    await Promise.all(opened.map((each) => once(each, 'ready')));
  },

  close: () => Promise.all(opened.map((each) => each.quit())),

  /** Fills the caches that {@link read} reads. */
  async fill() {
    await redis.mset('u:1', 'x', 'u:2', 'x', 'o:1', 'x', 'gone:1', 'x');
    await redis.hset('h:1', 'f', '1', 'g', '2');
    await redis.sadd('s:1', 'a', 'b');
    await redis.lpush('l:1', 'x');
  },

  /** Which of them are there is the ground truth in the test. */
  read: () =>
    Promise.all([
      redis.get('u:1'),
      redis.get('u:none'),
      redis.get('without a prefix'),
      redis.mget('u:1', 'u:none', 'o:1', 'u:2', 'p:none'),
      ask('getex', 'u:1', 'EX', 100),
      ask('getex', 'u:none', 'EX', 100),
      ask('getdel', 'gone:1'),
      ask('getdel', 'gone:1'),
      redis.hget('h:1', 'f'),
      redis.hget('h:1', 'none'),
      redis.hmget('h:1', 'f', 'none', 'g'),
      redis.hgetall('h:1'),
      redis.hgetall('h:none'),
      redis.exists('u:1', 'u:none', 'u:2'),
      ask('smismember', 's:1', 'a', 'none', 'b'),
      redis.sismember('s:1', 'none'),
      outcome(redis.get('l:1')),
    ]),

  /** The prefixes do not say what belongs together. */
  async named() {
    await redis.mset('session:1', 'x', 'user:1:profile', 'x', 'user:1:cart', 'x');
    await redis.mget('session:1', 'session:2', 'user:1:profile', 'user:2:profile:old', 'user:1:cart');
    await redis.get(Buffer.from('user:2:profile'));
    await redis.get('session');
  },

  prefixes: async () => {
    for (let i = 0; i < 1000; i++) await redis.get(`prefix${i}:key`);
  },
});
