'use strict';

/** @param {string} variant `express` or `fastify`, then `-oldest` for the oldest libraries or `-header` for versions in a header */
module.exports = async (load, variant) => {
  const [adapter, kind] = variant.split('-');
  await load('reflect-metadata');
  const { Controller, Get, Post, Param, Module, ParseIntPipe, UseGuards, VersioningType, VERSION_NEUTRAL } =
    await load('@nestjs/common');
  const { NestFactory } = await load('@nestjs/core');

  /** Decorates as TypeScript's compiler does. */
  const controller = (path, methods, options = {}) => {
    const type = class {};
    for (const [name, [decorators, handler]] of Object.entries(methods)) {
      // A function of its own, which keeps what the decorators say.
      const value = (...all) => handler(...all);
      Object.defineProperty(type.prototype, name, { value, configurable: true, writable: true });
      for (const decorator of decorators) {
        decorator(type.prototype, name, Object.getOwnPropertyDescriptor(type.prototype, name));
      }
    }
    Controller({ path, version: VERSION_NEUTRAL, ...options })(type);
    return type;
  };
  const ok = () => 'ok';
  const wildcard = kind === 'oldest' || adapter === 'fastify' ? '*' : '*path';

  const controllers = [
    controller('', {
      root: [[Get()], ok],
      user: [[Get('users/:id')], ok],
      files: [[Get(`users/:id/files/${wildcard}`)], ok],
      hold: [[Get('hold/:id')], () => new Promise(() => {})],
      validated: [[Post('validated/:id'), (target, name) => Param('id', new ParseIntPipe())(target, name, 0)], ok],
      denied: [[Get('denied/:id'), UseGuards({ canActivate: () => false })], ok],
      throws: [
        [Get('throws/:id')],
        () => {
          throw new Error('thrown');
        },
      ],
    }),
    controller('shop/area/items', { one: [[Get(':item')], ok], add: [[Post()], ok] }),
    controller('versioned', { one: [[Get(':id')], ok] }, { version: ['1', '2'] }),
    controller('versioned', { one: [[Get(':name')], () => 'of version 4'] }, { version: '4' }),
  ];
  const application = class {};
  Module({ controllers })(application);

  const { FastifyAdapter, ExpressAdapter } = await load(`@nestjs/platform-${adapter}`);
  const app = await NestFactory.create(application, new (FastifyAdapter ?? ExpressAdapter)(), { logger: false });
  app.setGlobalPrefix('api');
  app.enableVersioning(
    kind === 'header' ? { type: VersioningType.HEADER, header: 'x-version' } : { type: VersioningType.URI },
  );
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer();
};
