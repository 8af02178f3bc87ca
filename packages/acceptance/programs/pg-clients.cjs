'use strict';

/**
 * Clients for the database that the environment variable DATABASE_URL names.
 *
 * @param {typeof import('pg')} pg
 */
module.exports = (pg) => {
  const connectionString = process.env.DATABASE_URL;

  /** A connected one; the service does not want to hear of its end. */
  async function connect(options) {
    const client = new pg.Client({ connectionString, ...options });
    client.on('error', () => {});
    await client.connect();
    return client;
  }

  /** One that goes away after the work. */
  async function withClient(work, options) {
    const client = await connect(options);
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  return { connectionString, connect, withClient };
};
