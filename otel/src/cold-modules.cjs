'use strict';

// The half of the agent that only some configurations need. The build puts it here as compressed text; see build.mjs.

const { compileFunction } = require('node:vm');
const { brotliDecompressSync } = require('node:zlib');

/** Packages of which both halves must use the same copy, the one that is here: each copy would hook into the module loader. */
const shared = {
  'import-in-the-middle': () => require('import-in-the-middle'),
  'require-in-the-middle': () => require('require-in-the-middle'),
};

/** @type {Record<string, () => object> | undefined} */
let modules;

/**
 * The exports of a cold module, evaluated when it is first asked for.
 *
 * @param {string} name its path in the repository
 */
function load(name) {
  modules ??= unpack('@packed-cold-modules@');
  return modules[name]();
}

/** @param {string} packed */
function unpack(packed) {
  const text = brotliDecompressSync(Buffer.from(packed, 'base64')).toString();
  const filename = __filename.replace(/\.cjs$/, '.cold.cjs');
  const bundle = { exports: {} };
  const evaluate = compileFunction(text, ['module', 'exports', 'require', '__filename'], { filename });
  evaluate(bundle, bundle.exports, (/** @type {string} */ id) => shared[id]?.() ?? require(id), filename);
  return bundle.exports;
}

module.exports = { load, shared };
