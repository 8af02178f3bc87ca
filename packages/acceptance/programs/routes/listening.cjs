'use strict';

/**
 * Starts an application and says where it listens.
 *
 * @param {(load: (name: string) => Promise<any>, variant?: string) => Promise<import('node:net').Server>} start
 * @param {(name: string) => Promise<any>} load `require` or `import` of a library
 * @param {string} [variant]
 */
exports.listening = async (start, load, variant) => {
  const server = await start(async (name) => {
    const module = await load(name);
    return module.default ?? module;
  }, variant);
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
};
