'use strict';

// The half of the agent that only some configurations need. The build puts it here as compressed text; see build.mjs.

const { compileFunction } = require('node:vm');
const { brotliDecompressSync } = require('node:zlib');

/** Packages of which both halves must use the same copy, the one that is here. */
const shared = {
  '@opentelemetry/api': () => require('@opentelemetry/api'),
  '@opentelemetry/core': () => require('@opentelemetry/core'),
  '@opentelemetry/instrumentation': () => require('@opentelemetry/instrumentation'),
  '@opentelemetry/resources': () => require('@opentelemetry/resources'),
  '@opentelemetry/sdk-logs': () => require('@opentelemetry/sdk-logs'),
  '@opentelemetry/sdk-metrics': () => require('@opentelemetry/sdk-metrics'),
  '@opentelemetry/sdk-trace': () => require('@opentelemetry/sdk-trace'),
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
