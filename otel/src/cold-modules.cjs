'use strict';

// The parts of the agent that only some configurations need: compressed texts, which the build puts behind the code of this file, where
// only who asks for them reads them; see build.mjs and register.js. What may be asked for at any time, when the file may have become another
// one, is here.

const { readFileSync } = require('node:fs');
const { compileFunction } = require('node:vm');
const { brotliDecompressSync } = require('node:zlib');

/** Packages of which both halves must use the same copy, the one that is here: each copy would hook into the module loader. */
const shared = {
  'import-in-the-middle': () => require('import-in-the-middle'),
  'require-in-the-middle': () => require('require-in-the-middle'),
};

/** @type {Record<string, string>} */
const packed = { page: '@packed-page@' };
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
  const text = brotliDecompressSync(Buffer.from(packed[pack] ?? textBehindCode(pack), 'base64')).toString();
  const filename = __filename.replace(/\.cjs$/, `.${pack}.cjs`);
  const bundle = { exports: {} };
  const evaluate = compileFunction(text, ['module', 'exports', 'require', '__filename'], { filename });
  evaluate(bundle, bundle.exports, (/** @type {string} */ id) => shared[id]?.() ?? require(id), filename);
  return bundle.exports;
}

/** @param {string} pack */
function textBehindCode(pack) {
  const file = readFileSync(__filename);
  // Put together, for it is not to be found here.
  const mark = ['\n//packed', pack, ''].join(' ');
  const start = file.indexOf(mark) + mark.length;
  return file.latin1Slice(start, file.indexOf('\n', start));
}

module.exports = { load, shared };
