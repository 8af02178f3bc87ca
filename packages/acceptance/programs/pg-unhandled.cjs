'use strict';
const pg = require('pg');

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
};

const [way] = process.argv.slice(2);
const connectionString = way === 'connect' ? 'postgres://nobody@127.0.0.1:1/none' : process.env.DATABASE_URL;
void ways[way](new pg.Pool({ connectionString }));
