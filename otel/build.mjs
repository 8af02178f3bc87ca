// Bundles the agent into one CommonJS file that needs no node_modules: dist/agent.cjs.
import { createRequire } from 'node:module';
import { build } from 'esbuild';

/** What only a configuration with OTLP, Zipkin, B3 or a configuration file needs: evaluated when one of its exports is read. */
const LAZY =
  /^@opentelemetry\/(?:configuration|propagator-.+|exporter-(?:trace|metrics|logs)-otlp-.+|exporter-zipkin|otlp-.+)$/;

/** The SDK requires these at its top; a getter for each export stands in until somebody asks for one. */
const lazyModules = {
  name: 'lazy-modules',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: LAZY }, ({ path, importer, kind }) => {
      if (kind !== 'require-call' || !/sdk-node[\\/]dist/.test(importer)) return undefined;
      return { path: createRequire(importer).resolve(path), namespace: 'lazy' };
    });
    onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
      contents: `module.exports = new Proxy({}, { get: (_, name) => require(${JSON.stringify(path)})[name] });`,
      resolveDir: import.meta.dirname,
    }));
  },
};

/**
 * Takes the CommonJS form of every package. Of a package that comes in both forms, one in each would be two: two tracers, two
 * registries; and only CommonJS modules are evaluated no earlier than they are required.
 */
const commonjsOnly = {
  name: 'commonjs-only',
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, importer, resolveDir, kind, pluginData }) => {
      if (kind !== 'import-statement' || pluginData === commonjsOnly) return undefined;
      return resolve(path, { kind: 'require-call', importer, resolveDir, pluginData: commonjsOnly });
    });
  },
};

await build({
  entryPoints: ['src/agent.ts'],
  outfile: 'dist/agent.cjs',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  legalComments: 'eof',
  plugins: [lazyModules, commonjsOnly],
  logLevel: 'warning',
});
