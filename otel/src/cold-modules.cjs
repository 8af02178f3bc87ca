'use strict';

// The parts of the agent that only some configurations need. The build puts them here as compressed texts; see build.mjs.

const { compileFunction } = require('node:vm');
const { brotliDecompressSync } = require('node:zlib');

/** Packages of which both halves must use the same copy, the one that is here: each copy would hook into the module loader. */
const shared = {
  'import-in-the-middle': () => require('import-in-the-middle'),
  'require-in-the-middle': () => require('require-in-the-middle'),
};

/** @type {Record<string, string>} */
const packed = { errors: '@packed-errors@', page: '@packed-page@', others: '@packed-others@' };
/** @type {Record<string, Record<string, () => object>>} */
const unpacked = {};

/**
 * The exports of a cold module, evaluated when it is first asked for.
 *
 * @param {string} pack that it is in
 * @param {string} name its path in the repository
 */
function load(pack, name) {
  unpacked[pack] ??= unpack(pack);
  return unpacked[pack][name]();
}

/** @param {string} pack */
function unpack(pack) {
  const text = brotliDecompressSync(Buffer.from(packed[pack], 'base64')).toString();
  const filename = __filename.replace(/\.cjs$/, `.${pack}.cjs`);
  const bundle = { exports: {} };
  const evaluate = compileFunction(text, ['module', 'exports', 'require', '__filename'], { filename });
  evaluate(bundle, bundle.exports, (/** @type {string} */ id) => shared[id]?.() ?? require(id), filename);
  return bundle.exports;
}

module.exports = { load, shared };
