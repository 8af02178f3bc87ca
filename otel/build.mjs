// Bundles the agent into one CommonJS file that needs no node_modules: dist/agent.cjs; and says of what, in two files beside it.
//
// Most of the code is for spans, and Node would have to read all of it at each start. So the file is several bundles: what every
// process needs, as code, and the rest as compressed texts, each compiled when one of its modules is first asked for.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build } from 'esbuild';
import coldModules from './src/cold-modules.cjs';
import { billOfMaterials, bundledPackages, licenses } from './third-parties.mjs';

/**
 * What only a browser, or the command line, or a configuration with Sentry, or one with spans, metrics that are sent, OTLP, Zipkin or
 * B3 needs, and what is never needed.
 * Nothing of it may be met by each request: with a second copy of the API, contexts would be of two kinds to V8, which costs.
 * Each pack is unpacked by itself: the errors of a service are reported without what is for spans.
 */
const PACKS = {
  errors: /^@otel-register\/sentry-link$/,
  page: /^@otel-register\/live-page$/,
  others:
    /^(?:\.\/(?:otlp-exporters|span-export|traces)\.ts|\.\/push\/.+\.ts|\.\/command-line\/run\.ts|@otel-register\/sentry-link\/span-exporter|@opentelemetry\/(?:configuration|propagator-.+|exporter-(?:trace|metrics|logs)-otlp-.+|exporter-zipkin|otlp-.+|sdk-logs|sdk-trace))$/,
};

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

/** @type {import('esbuild').BuildOptions} */
const common = {
  bundle: true,
  write: false,
  metafile: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'eof',
  define: {
    AGENT_VERSION: JSON.stringify(manifest.version),
    API_VERSION: JSON.stringify(manifest.devDependencies['@opentelemetry/api']),
    // Sentry's SDK would look at the source of every module to put channels in.
    __SENTRY_CHANNEL_INJECTION__: 'false',
  },
  inject: ['src/own-globals.ts'],
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

/** The files of the cold modules that were met while the first bundle was made, by pack. @type {Record<string, Set<string>>} */
const coldFiles = Object.fromEntries(Object.keys(PACKS).map((pack) => [pack, new Set()]));

/**
 * Puts in place of each cold module one that loads it when one of its exports is read.
 *
 * @type {import('esbuild').Plugin}
 */
const coldOnDemand = {
  name: 'cold-on-demand',
  setup({ onResolve, onLoad }) {
    for (const [pack, filter] of Object.entries(PACKS)) {
      onResolve({ filter }, ({ path, importer, resolveDir }) => {
        // Of the SDK of spans others than NodeSDK use small parts, which need nothing else.
        if (path === '@opentelemetry/sdk-trace' && !importer.includes('sdk-node')) return undefined;
        const file = createRequire(join(resolveDir, 'index.js')).resolve(path);
        coldFiles[pack]?.add(file);
        return { path: keyOf(file), namespace: 'cold', pluginData: pack };
      });
    }
    onLoad({ filter: /.*/, namespace: 'cold' }, ({ path, pluginData: pack }) => ({
      // As the prototype: a copy that the bundler makes for an import still finds them there. It asks what kind of module it is,
      // which must not load it.
      contents: `module.exports = Object.create(new Proxy({}, {
        get: (_, name) =>
          name === '__esModule' || require('./src/cold-modules.cjs').load('${pack}', ${JSON.stringify(path)})[name],
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

/** @type {import('esbuild').Plugin} */
const ownHooks = {
  name: 'own-hooks',
  setup({ onResolve }) {
    onResolve({ filter: /^import-in-the-middle$/ }, () => ({
      path: join(import.meta.dirname, 'src/imported-packages.ts'),
    }));
    const ofRequire = join(import.meta.dirname, 'src/required-modules.ts');
    onResolve({ filter: /^require-in-the-middle$/ }, ({ importer }) =>
      importer === ofRequire ? undefined : { path: ofRequire },
    );
  },
};

/** What @grpc/grpc-js does otherwise: a file of it, what stands there once, and what is there instead. */
const OF_GRPC = [
  // Names no server in TLS where the collector is an address: Node 26 refuses to, and it would never connect.
  [
    'channel-credentials',
    'connectionOptions.servername = remoteHost;',
    "if (!require('net').isIP(remoteHost)) connectionOptions.servername = remoteHost;",
  ],
  // A call that is not answered would keep the process alive until its deadline, and a look-up of a name for longer; of names it asks
  // for no configuration, which nobody has of a collector.
  ['transport', 'this.session.ref();', ''],
  ['internal-channel', 'callRefTimerRef() {', 'callRefTimerRef() { return;'],
  [
    'resolver-dns',
    'dns_1.promises.lookup(',
    `require(${JSON.stringify(join(import.meta.dirname, 'src/look-up.ts'))}).addressesOf(`,
  ],
  ['resolver-dns', 'return dns_1.promises.resolveTxt(hostname);', "throw new Error('not asked for');"],
];

/** @type {import('esbuild').Plugin} */
const ownGrpc = {
  name: 'own-grpc',
  setup({ onLoad }) {
    onLoad({ filter: /@grpc[\\/]grpc-js[\\/]build[\\/]src[\\/][a-z-]+\.js$/ }, ({ path }) => {
      const changes = OF_GRPC.filter(([file]) => basename(path, '.js') === file);
      if (changes.length === 0) return undefined;
      const contents = changes.reduce(
        (text, [, theirs = '', ours = '']) => {
          const [before = '', after, ...more] = text.split(theirs);
          if (after === undefined || more.length > 0) throw new Error(`${path} does not say once: ${theirs}`);
          return before + ours + after;
        },
        readFileSync(path, 'utf8'),
      );
      return { contents };
    });
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
  plugins: [coldOnDemand, lightened, ownHooks, commonjsOf(/^require-in-the-middle$/)],
});

let agent = textOf(hot);
const bundles = [hot];
for (const [pack, files] of Object.entries(coldFiles)) {
  const cold = await bundleOf([...files].filter(isLeftIn(hot)));
  bundles.push(cold);
  const text = compressed(textOf(cold));
  const place = `@packed-${pack}@`;
  agent = agent.includes(place) ? agent.replace(place, text) : `${agent}\n//packed ${pack} ${text}`;
}
agent += '\n';
// V8 holds the text of what it compiles for good, and in two bytes a character where a single one needs that.
const [wide] = /.{0,40}[^\0-\x7f].{0,40}/.exec(agent) ?? [];
if (wide !== undefined) throw new Error(`the agent is to be written in ASCII, with \\u escapes, and has ${wide}`);
mkdirSync('dist', { recursive: true });
writeFileSync('dist/agent.cjs', agent);

const packages = bundledPackages(bundles);
writeFileSync('dist/THIRD-PARTY-LICENSES.txt', licenses(manifest, packages));
writeFileSync('dist/sbom.cdx.json', `${JSON.stringify(billOfMaterials(manifest, packages), undefined, 2)}\n`);

/**
 * Whether a bundle asks for a cold module: what asked for it may have been left out, as what reads configuration files is.
 *
 * @param {import('esbuild').BuildResult} bundle
 * @returns {(file: string) => boolean}
 */
function isLeftIn({ metafile }) {
  const inputs = Object.values(metafile?.outputs ?? {}).map((output) => output.inputs);
  return (file) => inputs.some((input) => (input[`cold:${keyOf(file)}`]?.bytesInOutput ?? 0) > 0);
}

/** @param {string[]} files */
function bundleOf(files) {
  const entries = files.sort().map((file) => `${JSON.stringify(keyOf(file))}: () => require(${JSON.stringify(file)})`);
  // As CommonJS, so that none of its modules is evaluated before it is required; `import()` is not there for code made of text.
  return build({
    ...common,
    supported: { 'dynamic-import': false },
    stdin: { contents: `module.exports = { ${entries.join(',\n')} };`, resolveDir: import.meta.dirname },
    external: Object.keys(coldModules.shared),
    // Sentry's packages are taken as ES modules: nearly all of them is left out then, and what is left keeps its order.
    plugins: [commonjsOf(/^(?:[^./@]|@[^s]|@s[^e])/), ownGrpc],
  });
}

/** @param {string} text */
function compressed(text) {
  return brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }).toString('base64');
}

/** @param {import('esbuild').BuildResult} result */
function textOf({ outputFiles }) {
  return outputFiles?.[0]?.text ?? '';
}
