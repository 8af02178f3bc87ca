// Bundles the agent into one CommonJS file that needs no node_modules: dist/agent.cjs.
//
// Most of the code is for spans, and Node would have to read all of it at each start. So the file is two bundles: what every
// process needs, as code, and the rest as compressed text, which is compiled when one of its modules is first asked for.
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, relative } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import coldModules from './src/cold-modules.cjs';

/** What only a configuration with spans, OTLP, Zipkin, B3 or a configuration file needs. */
const COLD =
  /^(?:\.\/traces\.ts|@opentelemetry\/(?:configuration|propagator-.+|exporter-(?:trace|metrics|logs)-otlp-.+|exporter-zipkin|otlp-.+))$/;

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  write: false,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  inject: ['src/unref-timers.ts'],
  logLevel: 'warning',
};

/**
 * Takes the CommonJS form of packages that come in both forms.
 *
 * @param {RegExp} packages
 * @returns {import('esbuild').Plugin}
 */
function commonjsOf(packages) {
  const resolving = Symbol('resolving');
  return {
    name: 'commonjs',
    setup({ onResolve, resolve }) {
      onResolve({ filter: packages }, ({ path, importer, resolveDir, kind, pluginData }) => {
        if (kind !== 'import-statement' || pluginData === resolving) return undefined;
        return resolve(path, { kind: 'require-call', importer, resolveDir, pluginData: resolving });
      });
    },
  };
}

/** The files of the cold modules that the first bundle asks for. @type {Set<string>} */
const coldFiles = new Set();

/**
 * Puts in place of each cold module one that loads it when one of its exports is read.
 *
 * @type {import('esbuild').Plugin}
 */
const coldOnDemand = {
  name: 'cold-on-demand',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: COLD }, ({ path, resolveDir }) => {
      const file = createRequire(join(resolveDir, 'index.js')).resolve(path);
      coldFiles.add(file);
      return { path: file, namespace: 'cold' };
    });
    onLoad({ filter: /.*/, namespace: 'cold' }, ({ path }) => ({
      // As the prototype: a copy that the bundler makes for an import still finds them there. It asks what kind of module it is,
      // which must not load it.
      contents: `module.exports = Object.create(new Proxy({}, {
        get: (_, name) => name === '__esModule' || require('./src/cold-modules.cjs').load(${JSON.stringify(keyOf(path))})[name],
      }));`,
      resolveDir: import.meta.dirname,
    }));
  },
};

/**
 * What packages ask for at once and rarely need, or not at all.
 *
 * @type {import('esbuild').Plugin}
 */
const lightened = {
  name: 'lightened',
  setup({ onResolve, onLoad }) {
    // For the identifier of a service's instance, a detector that is not used.
    onResolve({ filter: /^crypto$/ }, ({ path }) => ({ path, namespace: 'on-demand' }));
    onLoad({ filter: /.*/, namespace: 'on-demand' }, ({ path }) => ({
      contents: `module.exports = Object.create(new Proxy({}, { get: (_, name) => require('node:${path}')[name] }));`,
    }));
    // Writes to the stderr of a service that is run with DEBUG=*.
    onResolve({ filter: /^debug$/ }, ({ path }) => ({ path, namespace: 'debuglog' }));
    onLoad({ filter: /.*/, namespace: 'debuglog' }, () => ({
      contents: "module.exports = require('node:util').debuglog;",
    }));
  },
};

/** What a file is called in the bundles: the same on every machine. @param {string} file */
function keyOf(file) {
  return relative(join(import.meta.dirname, '..'), file).replaceAll('\\', '/');
}

// As ES modules, so that what nobody uses of a package is left out; these two want a file name that such a bundle has not.
const hot = await build({
  ...common,
  entryPoints: ['src/agent.ts'],
  plugins: [coldOnDemand, lightened, commonjsOf(/^(?:require|import)-in-the-middle$/)],
});

const entries = [...coldFiles]
  .sort()
  .map((file) => `${JSON.stringify(keyOf(file))}: () => require(${JSON.stringify(file)})`);
// As CommonJS, so that none of its modules is evaluated before it is required; `import()` is not there for code made of text.
const cold = await build({
  ...common,
  supported: { 'dynamic-import': false },
  stdin: { contents: `module.exports = { ${entries.join(',\n')} };`, resolveDir: import.meta.dirname },
  external: Object.keys(coldModules.shared),
  plugins: [commonjsOf(/^[^./]/)],
});

const packed = brotliCompressSync(textOf(cold), { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }).toString('base64');
mkdirSync('dist', { recursive: true });
writeFileSync(
  'dist/agent.cjs',
  textOf(hot).replace('@packed-cold-modules@', () => packed),
);

/** @param {import('esbuild').BuildResult} result */
function textOf({ outputFiles }) {
  return outputFiles?.[0]?.text ?? '';
}
