'use strict';
const { get } = require('node:http');
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const amqp = libraries('amqplib');
const amqpCallback = libraries('amqplib/callback_api');
const url = process.env.RABBITMQ_URL;
const body = Buffer.from('{"secret":1}');

/** A request of its own, whose span shows what is active where it is made. */
const mark = (name) =>
  new Promise((resolve) => {
    get(`${process.env.TARGET_URL}/${name}`, { agent: false }, (response) => response.resume().on('end', resolve));
  });

const byCallback = (call) =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));

(async () => {
  const connection = await amqp.connect(url);
  const channel = await connection.createChannel();
  const confirming = await connection.createConfirmChannel();
  const oldStyle = await byCallback((done) => amqpCallback.connect(url, done));
  const callbackChannel = await byCallback((done) => oldStyle.createConfirmChannel(done));

  /** What becomes of a message that comes to a queue, one queue each. */
  const consumers = {
    acked: (message) => mark('processed').then(() => channel.ack(message)),
    nacked: (message) => channel.nack(message, false, false),
    rejected: (message) => channel.reject(message, false),
  };
  /** Who waits for the next message of a queue to be processed. */
  const waiting = {};
  const processed = (queue) =>
    new Promise((resolve) => {
      waiting[queue] = resolve;
    });
  const tell = (queue, { properties, fields }) =>
    waiting[queue]?.({ headers: properties.headers, tag: fields.deliveryTag });

  await channel.assertExchange('shop', 'topic');
  for (const [queue, settle] of Object.entries(consumers)) {
    await channel.assertQueue(queue);
    await channel.bindQueue(queue, 'shop', `order.${queue}`);
    await channel.consume(queue, async (message) => {
      await settle(message);
      tell(queue, message);
    });
  }
  await channel.assertQueue('unsettled');
  await channel.consume('unsettled', (message) => mark('processed').then(() => tell('unsettled', message)), {
    noAck: true,
  });
  await channel.assertQueue('full', { maxLength: 1, overflow: 'reject-publish' });
  await channel.sendToQueue('full', body);
  const { queue: replies } = await channel.assertQueue('', { exclusive: true });
  await channel.assertQueue('left');

  const orderTo = async (queue, options) => {
    const message = processed(queue);
    channel.publish('shop', `order.${queue}`, body, options);
    return message;
  };

  serveSteps({
    acked: () => orderTo('acked', { messageId: 'message-1', correlationId: 'conversation-1' }),
    nacked: () => orderTo('nacked'),
    rejected: () => orderTo('rejected'),
    async unsettled() {
      const message = processed('unsettled');
      channel.sendToQueue('unsettled', body);
      return message;
    },

    /** The service's own options are as they were, and all of them arrive. */
    async ownHeaders() {
      const headers = Object.freeze({
        mine: 'x',
        traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
      });
      const options = Object.freeze({ headers, CC: ['order.nobody'] });
      const message = await orderTo('acked', options);
      return { ...message, own: headers };
    },

    async confirmed() {
      await byCallback((done) => confirming.publish('', 'left', body, {}, done));
      await mark('confirmed');
    },
    refused: () => outcome(byCallback((done) => confirming.publish('', 'full', body, {}, done))),
    byCallback: () =>
      byCallback((done) =>
        callbackChannel.sendToQueue('left', body, {}, (error) => mark('confirmed').then(() => done(error), done)),
      ),
    asked: () => byCallback((done) => callbackChannel.checkQueue('left', () => mark('asked').then(() => done(), done))),
    anonymous: async () => {
      channel.sendToQueue(replies, body);
    },
    async closed() {
      const other = await connection.createChannel();
      await other.close();
      return outcome(Promise.resolve().then(() => other.sendToQueue('left', body)));
    },
    async lost() {
      const other = await connection.createChannel();
      await other.assertQueue('lost');
      const got = new Promise((resolve) => {
        other.consume('lost', resolve);
      });
      other.sendToQueue('lost', body);
      await got;
      await other.close();
      await channel.purgeQueue('lost');
    },
    parallel: async () => {
      await byCallback((done) => confirming.publish('', 'left', body, {}, done));
      await byCallback((done) => confirming.publish('', 'left', body, {}, done));
    },
  });
})();
