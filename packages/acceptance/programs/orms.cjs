'use strict';
const libraries = require('./libraries.cjs');
const { outcome, serveSteps } = require('./steps.cjs');

const connectionString = process.env.DATABASE_URL;

/** The same work for each: insert, a look, an update, a transaction that is rolled back, an error, a removal. */
const orms = {
  async knex() {
    const db = libraries('knex')({ client: 'pg', connection: connectionString });
    await db.schema.createTable('knex', (table) => {
      table.increments();
      table.string('name').unique();
    });
    await db('knex').insert({ name: 'a' });
    await db('knex').where({ name: 'a' }).select('id');
    await db('knex').where({ name: 'a' }).update({ name: 'b' });
    await outcome(
      db.transaction(async (transaction) => {
        await transaction('knex').insert({ name: 'c' });
        await transaction('knex').insert({ name: 'c' });
      }),
    );
    let streamed = 0;
    for await (const _ of db('knex').select('*').stream()) streamed++;
    await db('knex').del();
    await db.destroy();
    return streamed;
  },

  async sequelize() {
    const { Sequelize, DataTypes } = libraries('sequelize');
    const db = new Sequelize(connectionString, { logging: false });
    const Person = db.define('person', { name: { type: DataTypes.STRING, unique: true } }, { timestamps: false });
    await db.query('create table people (id serial primary key, name text unique)');
    const person = await Person.create({ name: 'a' });
    await Person.findAll({ where: { name: 'a' } });
    await person.update({ name: 'b' });
    await outcome(
      db.transaction(async (transaction) => {
        await Person.create({ name: 'c' }, { transaction });
        await Person.create({ name: 'c' }, { transaction });
      }),
    );
    await person.destroy();
    await db.close();
  },

  async typeorm() {
    const { DataSource, EntitySchema } = libraries('typeorm');
    const Person = new EntitySchema({
      name: 'typeorm_person',
      columns: { id: { type: Number, primary: true, generated: true }, name: { type: String, unique: true } },
    });
    const db = await new DataSource({ type: 'postgres', url: connectionString, entities: [Person] }).initialize();
    await db.query('create table typeorm_person (id serial primary key, name text unique)');
    const people = db.getRepository(Person);
    await people.insert({ name: 'a' });
    await people.findBy({ name: 'a' });
    await people.update({ name: 'a' }, { name: 'b' });
    await outcome(
      db.transaction(async (manager) => {
        await manager.insert(Person, { name: 'c' });
        await manager.insert(Person, { name: 'c' });
      }),
    );
    await people.delete({ name: 'b' });
    await db.destroy();
  },

  async drizzle() {
    const { drizzle } = libraries('drizzle-orm/node-postgres');
    const { pgTable, serial, text } = libraries('drizzle-orm/pg-core');
    const { eq, sql } = libraries('drizzle-orm');
    const { Pool } = libraries('pg');
    const pool = new Pool({ connectionString });
    const db = drizzle(pool);
    const people = pgTable('drizzle', { id: serial().primaryKey(), name: text().unique() });
    await db.execute(sql`create table drizzle (id serial primary key, name text unique)`);
    await db.insert(people).values({ name: 'a' });
    await db.select().from(people).where(eq(people.name, 'a'));
    await db.update(people).set({ name: 'b' });
    await outcome(
      db.transaction(async (transaction) => {
        await transaction.insert(people).values({ name: 'c' });
        await transaction.insert(people).values({ name: 'c' });
      }),
    );
    await db.delete(people);
    await pool.end();
  },

  async kysely() {
    const { Kysely, PostgresDialect } = await import(libraries.resolve('kysely'));
    const { Pool } = libraries('pg');
    const Cursor = libraries('pg-cursor');
    const db = new Kysely({ dialect: new PostgresDialect({ pool: new Pool({ connectionString }), cursor: Cursor }) });
    await db.schema
      .createTable('kysely')
      .addColumn('id', 'serial', (column) => column.primaryKey())
      .addColumn('name', 'text', (column) => column.unique())
      .execute();
    await db.insertInto('kysely').values({ name: 'a' }).execute();
    await db.selectFrom('kysely').selectAll().where('name', '=', 'a').execute();
    await db.updateTable('kysely').set({ name: 'b' }).execute();
    await outcome(
      db.transaction().execute(async (transaction) => {
        await transaction.insertInto('kysely').values({ name: 'c' }).execute();
        await transaction.insertInto('kysely').values({ name: 'c' }).execute();
      }),
    );
    let streamed = 0;
    for await (const _ of db.selectFrom('kysely').selectAll().stream(1)) streamed++;
    await db.deleteFrom('kysely').execute();
    await db.destroy();
    return streamed;
  },
};

serveSteps(orms);
