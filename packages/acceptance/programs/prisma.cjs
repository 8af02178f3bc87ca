'use strict';
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { outcome, serveSteps } = require('./steps.cjs');

const { CLIENT: client, MAJOR: major, DATABASE_URL: connectionString } = process.env;
const load = createRequire(join(process.env.FOLDER, 'index.js'));
const { PrismaClient } = load(client);
const { PrismaPg } = load('@prisma/adapter-pg');
const { Pool } = load('pg');

const prisma = new PrismaClient({
  adapter: new PrismaPg(major === '5' ? new Pool({ connectionString }) : { connectionString }),
});

serveSteps({
  async create() {
    await prisma.$executeRaw`create table "Person" (id serial primary key, email text unique, name text)`;
    await prisma.$executeRaw`create table "Letter" (id serial primary key, "fromId" int references "Person")`;
  },

  async work() {
    const { id } = await prisma.person.create({ data: { email: 'a' } });
    await prisma.person.findUnique({ where: { id } }).letters();
    await prisma.person.count();
    await prisma.letter.create({ data: { from: { connect: { email: 'a' } } } });
    return (await prisma.$queryRaw`select 1 as one`)[0].one;
  },

  async errors() {
    const { value: _, ...duplicate } = await outcome(prisma.person.create({ data: { email: 'a' } }));
    const { value: __, ...missing } = await outcome(prisma.person.delete({ where: { id: -1 } }));
    await outcome(prisma.person.findMany({ where: { shoeSize: 7 } }));
    return [duplicate.code, missing.code];
  },

  async transactions() {
    await prisma.$transaction([prisma.person.count(), prisma.letter.count()]);
    await prisma.$transaction(async (transaction) => {
      await transaction.person.update({ where: { email: 'a' }, data: { name: 'A' } });
    });
    const failed = prisma.$transaction(async (transaction) => {
      await transaction.letter.deleteMany();
      throw new Error('not this time');
    });
    return (await outcome(failed)).message;
  },

  /** What the service puts around its operations is no operation of its own. */
  async extended() {
    let seen = 0;
    const extended = prisma.$extends({
      query: {
        person: {
          findMany({ args, query }) {
            seen++;
            return query(args);
          },
        },
      },
      model: { person: { first: () => prisma.person.findFirst() } },
    });
    await extended.person.findMany();
    await extended.person.first();
    return seen;
  },

  async unhandled() {
    const rejected = new Promise((resolve) => process.once('unhandledRejection', resolve));
    prisma.person.create({ data: { email: 'a' } }).then(() => {});
    return (await rejected).code;
  },

  /** The service traces Prisma by itself. */
  async traced() {
    const names = [];
    const helper = {
      isEnabled: () => false,
      getTraceParent: () => '00-10-10-00',
      dispatchEngineSpans() {},
      getActiveContext() {},
      runInChildSpan(span, work) {
        names.push(span.name);
        return work();
      },
    };
    const tracing = { helper };
    for (const name of ['PRISMA_INSTRUMENTATION', `V${major}_PRISMA_INSTRUMENTATION`]) {
      globalThis[name] = tracing;
      await prisma.person.count();
      if (globalThis[name] !== tracing) throw new Error(`${name} is not what was set`);
      globalThis[name] = undefined;
      await prisma.person.count();
    }
    return names.filter((name) => name === 'operation').length;
  },
});
