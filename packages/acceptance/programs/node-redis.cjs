'use strict';
const redis = require('./libraries.cjs')('redis');
const { outcome, serveSteps } = require('./steps.cjs');

const url = process.env.REDIS_URL;
const isVersion4 = process.env.LIBRARIES === 'oldest';

/** Nobody of the service wants to hear of lost connections. */
const create = (options = {}) => redis.createClient({ url, ...options }).on('error', () => {});

const connected = (options) => create(options).connect();

const leave = (client) => (isVersion4 ? client.disconnect() : client.destroy());

const client = create({
  scripts: {
    double: redis.defineScript({
      SCRIPT: 'return redis.call("GET", KEYS[1]) * 2',
      NUMBER_OF_KEYS: 1,
      transformArguments: (key) => [key],
      parseCommand: (parser, key) => parser.pushKey(key),
      transformReply: (reply) => reply,
    }),
  },
});
let opened = [];

/** Unlike that of node:events, it does not mind errors. */
const once = (other, event) => new Promise((resolve) => other.once(event, resolve));

/** Cuts the connection of a client, and waits until it is there again. */
async function cut(other) {
  const id = await other.sendCommand(['CLIENT', 'ID']);
  const again = once(other, 'ready');
  await client.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
  await again;
}

client.connect().then(() =>
  serveSteps({
    async outcomes() {
      await client.set('plain', '1');
      await client.get('plain');
      return [
        await outcome(client.hGet('plain', 'field')),
        await outcome(client.sendCommand(['NOSUCH'])),
        await outcome(client.eval('return redis.error_reply("MINE my own")')),
      ];
    },

    /** They wait for the connection, which is not there yet. */
    async offlineQueue() {
      const late = create();
      const ready = late.connect();
      const replies = await Promise.all([late.set('a', '1'), late.incr('a'), late.get('a'), ready.then(() => 'ready')]);
      await late.quit();
      return replies;
    },

    async pipeline() {
      await client.set('page:1', 'x');
      return Promise.all([client.get('page:1'), client.get('page:2'), outcome(client.incr('page:1'))]);
    },

    async batch() {
      await client.set('page:1', 'x');
      return client.multi().get('page:1').get('page:2').set('page:3', 'y').execAsPipeline();
    },

    async multi() {
      await client.mSet(['cart:1', 'x', 'cart:2', 'y']);
      return client.multi().get('cart:1').get('cart:none').mGet(['cart:2', 'cart:none']).set('cart:3', 'z').exec();
    },

    async multiAborted() {
      const aborted = await outcome(client.multi().get('cart:1').addCommand(['NOSUCH']).exec());
      return [aborted, await client.get('cart:1')];
    },

    /** Somebody else changes what it watches. */
    async multiWatched() {
      const other = await connected();
      await other.watch('cart:1');
      await client.set('cart:1', 'other');
      const watched = await outcome(other.multi().get('cart:1').exec());
      const value = await other.get('cart:1');
      await other.quit();
      return [watched.message, value];
    },

    async scripts() {
      await client.set('number', '21');
      const replies = [await client.double('number'), await client.double('number')];
      await client.sendCommand(['SCRIPT', 'FLUSH']);
      return [...replies, await client.double('number')];
    },

    async forms() {
      await client.set('shop:price', '9');
      const buffer = isVersion4
        ? await client.get(redis.commandOptions({ returnBuffers: true }), 'shop:price')
        : await client.withTypeMapping({ [redis.RESP_TYPES.BLOB_STRING]: Buffer }).get(Buffer.from('shop:price'));
      const legacy = isVersion4 ? await connected({ legacyMode: true }) : client.legacy();
      const byCallback = await new Promise((resolve) => legacy.get('shop:none', (_, value) => resolve(value)));
      const raw = await client.sendCommand(['GET', 'shop:price']);
      if (isVersion4) await legacy.disconnect();
      return [buffer.toString(), byCallback, raw];
    },

    /** Of two clients, which are taken in turn. */
    async pool() {
      const pool = redis.createClientPool({ url }, { minimum: 1, maximum: 2 }).on('error', () => {});
      await pool.connect();
      const sent = [
        pool.set('pool:1', 'x'),
        pool.get('pool:1'),
        pool.get('pool:none'),
        outcome(pool.hGet('pool:1', 'f')),
      ];
      const replies = await Promise.all(sent);
      replies.push(await pool.execute((one) => one.get('pool:1')));
      replies.push(await pool.multi().get('pool:1').get('pool:none').exec());
      await pool.close();
      return replies;
    },

    /** The types that RESP3 tells apart. */
    async resp3() {
      if (isVersion4) return null;
      const other = await connected({ RESP: 3 });
      await other.hSet('r:1', { f: '1' });
      const replies = [await other.hGetAll('r:1'), await other.hGetAll('r:none'), await other.get('r:none')];
      await other.withTypeMapping({ [redis.RESP_TYPES.MAP]: Map, [redis.RESP_TYPES.NUMBER]: String }).hGetAll('r:1');
      leave(other);
      return replies;
    },

    async database() {
      const other = await connected({ url: `${url}/3` });
      const replies = [await other.set('a', '1'), await other.select(5), await other.get('a')];
      await other.multi().select(6).get('a').exec();
      await other.get('a');
      await leave(other);
      return replies;
    },

    async reconnect() {
      const other = await connected({ name: 'service' });
      await other.select(4);
      await cut(other);
      const reply = await other.incr('again');
      await leave(other);
      return reply;
    },

    async subscribe() {
      const subscriber = await connected();
      const heard = new Promise((resolve) => subscriber.subscribe('news', resolve));
      await subscriber.pSubscribe('old*', () => {});
      await client.publish('news', 'x');
      await heard;
      await cutAndResubscribed(subscriber);
      await subscriber.unsubscribe('news');
      await leave(subscriber);
      return heard;
    },

    async blocking() {
      const waiting = await connected();
      const reply = waiting.blPop('late', 10);
      await client.rPush('late', 'x');
      const { element } = await reply;
      await waiting.quit();
      return element;
    },

    async cut() {
      const other = await connected({ socket: { reconnectStrategy: false } });
      const id = await other.sendCommand(['CLIENT', 'ID']);
      const waiting = outcome(other.blPop('empty', 0));
      await client.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
      return waiting;
    },

    async given() {
      const other = create();
      const ready = other.connect();
      const controller = new AbortController();
      const waiting = isVersion4
        ? other.get(redis.commandOptions({ signal: controller.signal }), 'x')
        : other.withAbortSignal(controller.signal).get('x');
      controller.abort();
      const { message } = await outcome(waiting);
      await ready;
      await leave(other);
      return message;
    },

    async ended() {
      const gone = await connected();
      await gone.quit();
      return outcome(gone.sendCommand(['GET', 'x']));
    },

    async offline() {
      const other = await connected({ disableOfflineQueue: true, socket: { reconnectStrategy: 60_000 } });
      const id = await other.sendCommand(['CLIENT', 'ID']);
      const lost = once(other, 'reconnecting');
      await client.sendCommand(['CLIENT', 'KILL', 'ID', String(id)]);
      await lost;
      const refused = await outcome(other.sendCommand(['GET', 'x']));
      await leave(other);
      return refused;
    },

    async open() {
      opened = [await connected(), await connected()];
    },

    close: () => Promise.all(opened.map((each) => each.quit())),

    async fill() {
      await client.mSet(['u:1', 'x', 'u:2', 'x', 'o:1', 'x', 'gone:1', 'x']);
      await client.hSet('h:1', { f: '1', g: '2' });
      await client.sAdd('s:1', ['a', 'b']);
      await client.lPush('l:1', 'x');
    },

    /** Which of them are there is the ground truth in the test. */
    read: () =>
      Promise.all([
        client.get('u:1'),
        client.get('u:none'),
        client.get('without a prefix'),
        client.mGet(['u:1', 'u:none', 'o:1', 'u:2', 'p:none']),
        client.getEx('u:1', { EX: 100 }),
        client.getEx('u:none', { EX: 100 }),
        client.getDel('gone:1'),
        client.getDel('gone:1'),
        client.hGet('h:1', 'f'),
        client.hGet('h:1', 'none'),
        client.hmGet('h:1', ['f', 'none', 'g']),
        client.hGetAll('h:1'),
        client.hGetAll('h:none'),
        client.exists(['u:1', 'u:none', 'u:2']),
        client.exists(['o:1', 'u:1']),
        client.smIsMember('s:1', ['a', 'none', 'b']),
        client.sIsMember('s:1', 'none'),
        client.sMembers('s:1'),
        client.hExists('h:1', 'f'),
        client.getRange('u:none', 0, 1),
        outcome(client.get('l:1')),
      ]),

    /** What the client knows already, it does not ask for. */
    async clientSideCache() {
      const other = await connected({ RESP: 3, clientSideCache: { ttl: 0, maxEntries: 10, evictPolicy: 'LRU' } });
      await other.set('local:1', 'x');
      const replies = [];
      for (const key of ['local:1', 'local:1', 'local:1', 'local:2', 'local:2']) replies.push(await other.get(key));
      leave(other);
      return replies;
    },
  }),
);

/** A subscription that the client makes again by itself. */
async function cutAndResubscribed(subscriber) {
  const id = (await client.sendCommand(['CLIENT', 'LIST', 'TYPE', 'pubsub'])).match(/id=(\d+)/)[1];
  const again = once(subscriber, 'ready');
  await client.sendCommand(['CLIENT', 'KILL', 'ID', id]);
  await again;
}
