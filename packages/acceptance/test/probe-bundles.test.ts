import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { requestCounts } from './support/metrics-page.ts';
import { startProgram } from './support/program.ts';

const libraries = resolve(import.meta.dirname, '../libraries/current');
const esbuild = createRequire(join(libraries, 'index.js'))('esbuild');

const SERVICE = `
  import express from 'express';
  const app = express();
  app.get('/users/:id', (_, response) => response.send('ok'));
  app.get('/asks', async (_, response) => response.send(await (await fetch(url + '/users/7')).text()));
  const server = app.listen(0, '127.0.0.1', () => {
    url = 'http://127.0.0.1:' + server.address().port;
    console.log('listening on ' + url);
  });
  let url;`;

/** ES modules that bundle CommonJS ones have no `require` unless they make one. */
const REQUIRE = `import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);`;

let folder: string;
before(() => {
  // Where the packages are found that are left out of a bundle.
  folder = mkdtempSync(join(libraries, 'node_modules/.bundles-'));
  writeFileSync(join(folder, 'service.mjs'), SERVICE);
});
after(() => rmSync(folder, { recursive: true }));

for (const [format, extension] of [
  ['cjs', 'cjs'],
  ['esm', 'mjs'],
] as const) {
  for (const packages of ['bundle', 'external'] as const) {
    const what = packages === 'bundle' ? 'with all of its packages' : 'without its packages';
    test(`a service that is bundled ${what} has its requests counted once (${format})`, async (t) => {
      const outfile = join(folder, `${packages}.${extension}`);
      const banner = format === 'esm' ? { js: REQUIRE } : {};
      const entryPoints = [join(folder, 'service.mjs')];
      await esbuild.build({ entryPoints, outfile, format, packages, banner, bundle: true, platform: 'node' });
      const service = await startProgram(outfile);
      t.after(() => service.stop());
      assert.equal(await (await fetch(`${service.url}/asks`)).text(), 'ok');
      const page = await service.scrape();
      // A router that is part of the bundle is no module that could be patched.
      const routes = packages === 'bundle' ? { 'GET – 200': 2 } : { 'GET /asks 200': 1, 'GET /users/:id 200': 1 };
      assert.deepEqual(requestCounts(page), routes);
      assert.deepEqual(page.values('http_client_request_duration_seconds_count', 'http_request_method'), { GET: 1 });
      assert.doesNotMatch(service.stderr(), /failed/);
    });
  }
}
