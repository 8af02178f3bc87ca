'use strict';
const { once } = require('node:events');
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const amqp = libraries('amqplib');
const amqpCallback = libraries('amqplib/callback_api');
const url = process.env.RABBITMQ_URL;

let connection;
const body = Buffer.from('a message');

/** A channel to use and to close. */
async function onChannel(use, kind = 'createChannel') {
  const channel = await connected().then((open) => open[kind]());
  const errors = [];
  channel.on('error', ({ code }) => errors.push(code));
  try {
    return await use(channel, errors);
  } finally {
    await channel.close().catch(() => {});
  }
}

async function connected() {
  if (connection) return connection;
  connection = await amqp.connect(url);
  connection.on('error', () => {});
  connection.on('close', () => {
    connection = undefined;
  });
  return connection;
}

/** A queue with that many messages in it, and nothing else. */
async function filled(channel, queue, messages) {
  await channel.assertQueue(queue);
  await channel.purgeQueue(queue);
  for (let i = 0; i < messages; i++) channel.sendToQueue(queue, body);
}

/** The first messages that come to a consumer. */
function received(channel, queue, number, options) {
  const messages = [];
  return new Promise((resolve) => {
    channel.consume(
      queue,
      (message) => {
        messages.push(message);
        if (messages.length === number) resolve(messages);
      },
      options,
    );
  });
}

let held;

serveSteps({
  publish: () =>
    onChannel(async (channel) => {
      await channel.assertExchange('prices', 'topic');
      const { queue } = await channel.assertQueue('', { exclusive: true });
      return [
        channel.publish('prices', 'eur', body),
        channel.publish('prices', 'usd', body),
        channel.sendToQueue(queue, body),
        await outcome((async () => channel.sendToQueue('work', 'no buffer'))()),
      ];
    }),
  confirmed: () =>
    onChannel(async (channel) => {
      await channel.assertQueue('work');
      const called = [];
      for (let i = 0; i < 3; i++) channel.sendToQueue('work', body, {}, (error) => called.push(error));
      await channel.waitForConfirms();
      channel.sendToQueue('work', body);
      await channel.waitForConfirms();
      return called;
    }, 'createConfirmChannel'),
  refused: () =>
    onChannel(async (channel) => {
      const options = { exclusive: true, arguments: { 'x-max-length': 1, 'x-overflow': 'reject-publish' } };
      await channel.assertQueue('full', options);
      const send = () =>
        new Promise((resolve) => channel.sendToQueue('full', body, {}, (error) => resolve(error?.message)));
      return [await send(), await send()];
    }, 'createConfirmChannel'),
  returned: () =>
    onChannel(async (channel) => {
      const back = once(channel, 'return');
      channel.publish('', 'nobody', body, { mandatory: true });
      await channel.waitForConfirms();
      const [{ fields }] = await back;
      return fields.replyText;
    }, 'createConfirmChannel'),
  consume: () =>
    onChannel(async (channel) => {
      await filled(channel, 'work', 5);
      const [first, , third, fourth, fifth] = await received(channel, 'work', 5);
      channel.ack(third, true);
      channel.nack(fourth, false, false);
      channel.reject(fifth, false);
      return [first.content.toString(), fifth.fields.deliveryTag];
    }),
  /** Messages of two minutes ago, by a timestamp in seconds, by one in milliseconds, by none, and one of the future. */
  aged: () =>
    onChannel(async (channel) => {
      await filled(channel, 'aged', 0);
      const twoMinutesAgo = Date.now() - 120_500;
      for (const timestamp of [
        Math.floor(twoMinutesAgo / 1000),
        twoMinutesAgo,
        undefined,
        Math.floor(Date.now() / 1000) + 600,
      ])
        channel.sendToQueue('aged', body, { timestamp });
      const messages = await received(channel, 'aged', 4);
      channel.ackAll();
      return messages.map(({ properties }) => typeof properties.timestamp);
    }),
  consumeWithoutAck: () =>
    onChannel(async (channel) => {
      await filled(channel, 'work', 2);
      return (await received(channel, 'work', 2, { noAck: true })).length;
    }),
  get: () =>
    onChannel(async (channel) => {
      await filled(channel, 'work', 1);
      const message = await channel.get('work');
      channel.ack(message);
      return [message.content.toString(), await channel.get('work'), await outcome(channel.get('no queue'))];
    }),
  /** Given four and settles none, until `settle`. */
  hold: async () => {
    const channel = await (await connected()).createChannel();
    await filled(channel, 'work', 4);
    await received(channel, 'work', 4);
    held = channel;
  },
  settle: async () => {
    held.ackAll();
    await held.close();
  },
  nackAll: async () => {
    held.nackAll(false);
    await held.close();
  },
  /** Closed with what it holds. */
  letGo: () => held.close(),
  recover: () =>
    onChannel(async (channel) => {
      await filled(channel, 'work', 1);
      let deliveries = 0;
      const again = new Promise((resolve) => {
        channel.consume('work', (message) => {
          if (++deliveries === 2) resolve(message);
        });
      });
      await new Promise((resolve) => setImmediate(resolve));
      while (deliveries < 1) await channel.checkQueue('work');
      await channel.recover();
      const message = await again;
      channel.ack(message);
      return message.fields.redelivered;
    }),
  wrongTag: () =>
    onChannel(async (channel, errors) => {
      const closed = new Promise((resolve) => channel.on('close', resolve));
      channel.ack({ fields: { deliveryTag: 99 } });
      await closed;
      return errors;
    }),
  wrongExchange: () =>
    onChannel(async (channel, errors) => {
      const closed = new Promise((resolve) => channel.on('close', resolve));
      channel.publish('no exchange', '', body);
      await closed;
      return [errors, await outcome((async () => channel.publish('no exchange', '', body))())];
    }),
  wrongQueue: () => onChannel((channel) => outcome(channel.checkQueue('no queue'))),
  /** Published and not confirmed when the channel closes. */
  unconfirmed: () =>
    onChannel((channel) => {
      const confirmed = new Promise((resolve) =>
        channel.publish('no exchange', '', body, {}, (error) => resolve(error?.message)),
      );
      return confirmed;
    }, 'createConfirmChannel'),
  callbacks: () =>
    new Promise((resolve, reject) => {
      amqpCallback.connect(url, (error, open) => {
        if (error) return reject(error);
        open.createConfirmChannel((_, channel) => {
          channel.assertQueue('calls', {}, () => {
            channel.sendToQueue('calls', body, {}, (failure) => {
              channel.consume('calls', (message) => {
                const self = channel.ack(message) === channel;
                channel.waitForConfirms(() => open.close(() => resolve([failure, message.content.toString(), self])));
              });
            });
          });
        });
      });
    }),
  connectionRefused: () => outcome(amqp.connect(process.env.REFUSED)),
  wrongPassword: () => outcome(amqp.connect(url.replace('guest:guest', 'guest:wrong'))),
  /** What becomes of the connection on which messages are held, when it is lost. */
  lost: async () => {
    const open = await connected();
    return new Promise((resolve) => open.on('close', (error) => resolve(error?.message)));
  },
  many: () =>
    onChannel(async (channel) => {
      for (let i = 0; i < 100; i++) channel.sendToQueue(`queue ${i}`, body);
    }),
  seen: () =>
    onChannel(async (channel) => {
      const methods = ['publish', 'sendToQueue', 'ack', 'consume', 'sendImmediately', 'accept', 'toClosed'];
      return {
        methods: methods.map((name) => [channel[name].name, channel[name].length]),
        keys: Object.keys(channel).sort(),
        listeners: channel.eventNames().map((name) => [name, channel.listenerCount(name)]),
        connect: [amqp.connect.name, amqp.connect.length],
      };
    }),
});
