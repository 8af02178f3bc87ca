'use strict';
const pg = require('./libraries.cjs')('pg');

const ways = {
  query: (pool) => void pool.query('select 1/0'),
  connect: (pool) => void pool.connect(),
  end: async (pool) => {
    await pool.end();
    await pool.connect();
  },
  caught: async (pool) => {
    async function ask() {
      await pool.query('select 1/0');
    }
    await ask().catch((error) => console.log(error, error.stack));
    await pool.end();
  },
  throw: (pool) =>
    pool.query('select 1', () => {
      throw new Error('thrown by the service');
    }),
  throwAfterAnError: async (pool) => {
    const client = await pool.connect();
    client.query('select 1/0', ({ code }) => {
      throw new Error(`thrown by the service after ${code}`);
    });
  },
};

const [way] = process.argv.slice(2);
const connectionString = way === 'connect' ? 'postgres://nobody@127.0.0.1:1/none' : process.env.DATABASE_URL;
void ways[way](new pg.Pool({ connectionString }));
