import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot } from '@payments/local-stack';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';

interface ComposeService {
  image?: string;
  build?: { context: string; dockerfile?: string; args: Record<string, string> };
  environment?: Record<string, string | number>;
  expose?: number[];
  ports?: string[];
  volumes?: string[];
  profiles?: string[];
  healthcheck?: unknown;
  depends_on?: Record<string, { condition: string }>;
}

const text = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8');
const compose: { services: Record<string, ComposeService>; volumes: object } = parse(text('docker-compose.yml'), {
  merge: true,
});
const ours = Object.entries(compose.services).filter(([, { build }]) => build !== undefined);

/** The first table of services/README.md: service, port, database (`–` for none). */
const documented = [...text('services/README.md').matchAll(/^\| ([a-z-]+) \| (\d+) \| (?:`(\w+)`|–) \|/gm)].map(
  ([, name, port, database]) => ({ name: String(name), port: Number(port), database }),
);

test('docker-compose.yml is valid by the published schema', (t) => {
  const folder = process.env.SHARED_DATA_DIR;
  if (!folder) return t.skip('SHARED_DATA_DIR is not set: it holds schemas/compose-spec.json');
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  // Its $schema spells the address of draft 07, which ajv speaks anyway, in a way that ajv does not know.
  const { $schema, ...schema } = JSON.parse(readFileSync(join(folder, 'schemas', 'compose-spec.json'), 'utf8'));
  assert.match($schema, /draft-07/);
  const validate = ajv.compile(schema);
  validate(compose);
  assert.deepEqual(validate.errors, null);
});

test('every file that the compose file mounts or builds from is there', () => {
  for (const { build, volumes = [] } of Object.values(compose.services)) {
    if (build) assert.ok(existsSync(join(repositoryRoot, build.context, build.dockerfile ?? 'Dockerfile')));
    for (const [source = ''] of volumes.map((volume) => volume.split(':'))) {
      if (source.startsWith('.')) assert.ok(existsSync(join(repositoryRoot, source)), `${source} is missing`);
      else assert.ok(source in compose.volumes, `the volume ${source} is not declared`);
    }
  }
});

test('the five services are built from the one Dockerfile, each from its own folder', () => {
  assert.deepEqual(
    ours.map(([name]) => name),
    documented.map(({ name }) => name),
  );
  for (const [name, { build }] of ours) {
    assert.equal(build?.args.SERVICE, name);
    assert.ok(existsSync(join(repositoryRoot, 'services', name, 'package.json')));
  }
});

test('the image runs as an ordinary user and by the documented command', () => {
  const last =
    text('Dockerfile')
      .split(/^FROM /m)
      .at(-1) ?? '';
  assert.match(last, /^USER node$/m);
  assert.match(last, /^CMD \["node", "-r", "\.\/otel\/register", "dist\/main\.js"\]$/m);
});

for (const { name, port, database } of documented) {
  test(`${name} has the port, the database and the neighbours that services/README.md names`, () => {
    const { environment = {}, expose = [], ports = [] } = compose.services[name] ?? {};
    assert.equal(environment.PORT, port);
    assert.ok(expose.includes(port) || ports.some((mapping) => mapping.endsWith(`:${port}`)));
    assert.equal(
      environment.DATABASE_URL && new URL(withDefaults(environment.DATABASE_URL)).pathname,
      database && `/${database}`,
    );
    assert.ok(withDefaults(environment.JWT_SECRET).length >= 32);
    for (const [variable, value] of Object.entries(environment)) {
      if (!variable.endsWith('_URL')) continue;
      const { protocol, hostname, port: upstreamPort } = new URL(withDefaults(value));
      assert.ok(hostname in compose.services, `${variable} names ${hostname}, which is no service`);
      if (protocol !== 'http:') continue;
      assert.equal(variable, `${hostname.toUpperCase()}_URL`);
      assert.equal(Number(upstreamPort), documented.find((other) => other.name === hostname)?.port);
    }
  });
}

test('only the gateway and what shows metrics are reachable from outside, and only from this machine', () => {
  const published = Object.entries(compose.services).flatMap(([name, { ports = [] }]) =>
    ports.map((port) => [name, port]),
  );
  assert.deepEqual(published, [
    ['api-gateway', '127.0.0.1:3000:3000'],
    ['prometheus', '127.0.0.1:9090:9090'],
    ['victoria-metrics', '127.0.0.1:8428:8428'],
  ]);
});

test('Prometheus scrapes the metrics port of all five', () => {
  const { scrape_configs } = parse(text('otel/prometheus/prometheus.yml'));
  const targets = scrape_configs.flatMap(({ static_configs }: { static_configs: Array<{ targets: string[] }> }) =>
    static_configs.flatMap(({ targets }) => targets),
  );
  assert.deepEqual(
    targets,
    ours.map(([name, { environment }]) => `${name}:${environment?.OTEL_EXPORTER_PROMETHEUS_PORT}`),
  );
  for (const [name, { environment, expose }] of ours) {
    assert.equal(environment?.OTEL_EXPORTER_PROMETHEUS_HOST, '0.0.0.0', name);
    assert.ok(expose?.includes(Number(environment?.OTEL_EXPORTER_PROMETHEUS_PORT)), name);
  }
});

test('with the profile remote-write an agent finds every replica of all five, and writes to the VictoriaMetrics beside it', () => {
  const { scrape_configs, remote_write } = parse(text('otel/prometheus/agent.yml'));
  const [{ names, port }] = scrape_configs[0].dns_sd_configs;
  assert.deepEqual(
    names,
    ours.map(([name]) => name),
  );
  for (const [, { environment }] of ours) assert.equal(environment?.OTEL_EXPORTER_PROMETHEUS_PORT, port);
  const { hostname, port: writePort } = new URL(remote_write[0].url);
  assert.deepEqual(compose.services[hostname]?.ports, [`127.0.0.1:${writePort}:${writePort}`]);
  const ofProfile = Object.entries(compose.services).filter(([, { profiles }]) => profiles?.includes('remote-write'));
  assert.deepEqual(
    ofProfile.map(([name]) => name),
    ['prometheus-agent', hostname],
  );
});

test('each part has a health check, and waits for the healthy parts that it needs', () => {
  for (const [name, { healthcheck, depends_on = {} }] of Object.entries(compose.services)) {
    assert.ok(healthcheck, `${name} has no health check`);
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      assert.ok(needed in compose.services);
      assert.equal(condition, 'service_healthy');
    }
  }
});

test('the databases of all services are created', () => {
  const created = [...text('services/create-databases.sql').matchAll(/^CREATE DATABASE (\w+);$/gm)].map(
    ([, name]) => name,
  );
  assert.deepEqual(
    created,
    documented.flatMap(({ database }) => database ?? []),
  );
});

/** What compose makes of `${NAME:-default}` when the variable is not set. */
function withDefaults(value: unknown): string {
  return String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}
