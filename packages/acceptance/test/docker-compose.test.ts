import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repositoryRoot, spotlightEnvironment } from '@payments/local-stack';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse } from 'yaml';

interface ComposeService {
  image?: string;
  build?: { context: string; args?: Record<string, string>; target?: string };
  user?: string;
  read_only?: boolean;
  privileged?: boolean;
  cap_add?: string[];
  cap_drop?: string[];
  security_opt?: string[];
  deploy?: { resources: { limits: { cpus: string; memory: string; pids: number } } };
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
const ours = Object.entries(compose.services).filter(([, { build }]) => build?.args !== undefined);

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
    if (build) {
      const dockerfile = text(join(build.context, 'Dockerfile'));
      if (build.target) assert.match(dockerfile, new RegExp(`^FROM \\S+ AS ${build.target}$`, 'm'));
    }
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
    assert.equal(build?.args?.SERVICE, name);
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
    ['grafana', '127.0.0.1:3030:3000'],
    ['spotlight', '127.0.0.1:8969:8969'],
    ['victoria-metrics', '127.0.0.1:8428:8428'],
  ]);
});

for (const file of ['prometheus.yml', 'agent.yml']) {
  test(`otel/prometheus/${file} finds the metrics port of every replica of all five`, () => {
    const { scrape_configs } = parse(text(`otel/prometheus/${file}`));
    const [{ names, port }] = scrape_configs[0].dns_sd_configs;
    assert.deepEqual(
      names,
      ours.map(([name]) => name),
    );
    for (const [name, { environment, expose }] of ours) {
      assert.equal(environment?.OTEL_EXPORTER_PROMETHEUS_PORT, port, name);
      assert.equal(environment?.OTEL_EXPORTER_PROMETHEUS_HOST, '0.0.0.0', name);
      assert.ok(expose?.includes(port), name);
    }
  });
}

/** What `--profile` adds. */
const partsOf = (profile: string) =>
  Object.entries(compose.services).flatMap(([name, { profiles }]) => (profiles?.includes(profile) ? [name] : []));

test('with the profile remote-write a Prometheus agent writes to the VictoriaMetrics beside it', () => {
  const { hostname, port } = new URL(parse(text('otel/prometheus/agent.yml')).remote_write[0].url);
  assert.deepEqual(compose.services[hostname]?.ports, [`127.0.0.1:${port}:${port}`]);
  assert.deepEqual(partsOf('remote-write'), ['prometheus-agent', hostname]);
});

test('with the profile collector all goes to the collector, which has every part of its pipelines and sends on to parts that are there', () => {
  const { service, ...components } = parse(text('otel/collector/config.yml'));
  assert.deepEqual(Object.keys(service.pipelines), ['metrics', 'traces']);
  for (const pipeline of [...Object.values<object>(service.pipelines), { extensions: service.extensions }]) {
    for (const [kind, names] of Object.entries(pipeline)) {
      for (const name of names) assert.ok(name in components[kind], `${kind} has no ${name}`);
    }
  }
  const { metrics_endpoint } = components.exporters['otlp_http/metrics'];
  const { traces_endpoint } = components.exporters['otlp_http/traces'];
  const targets = [metrics_endpoint, traces_endpoint].map((url) => new URL(url));
  for (const { hostname, port } of targets)
    assert.match(String(compose.services[hostname]?.ports), new RegExp(`:${port}$`));
  assert.deepEqual(partsOf('collector'), ['spotlight', 'collector', 'victoria-metrics']);

  const { hostname, port } = new URL(String(variablesOf('collector').OTEL_EXPORTER_OTLP_ENDPOINT));
  assert.ok(compose.services[hostname]?.expose?.includes(Number(port)));
  assert.equal(components.receivers.otlp.protocols.http.endpoint, `0.0.0.0:${port}`);
  assert.match(
    JSON.stringify(compose.services[hostname]?.healthcheck),
    new RegExp(components.extensions.health_check.endpoint),
  );
});

test('with the profile spotlight errors and spans go where npm start -- --spotlight sends them', () => {
  assert.deepEqual(partsOf('spotlight'), ['spotlight']);
  assert.deepEqual(variablesOf('spotlight'), spotlightEnvironment('spotlight', 8969));
  assert.match(text('Dockerfile'), /^CMD \["node", "server\.mjs", "8969", "0\.0\.0\.0"\]$/m);
});

for (const profile of ['collector', 'spotlight']) {
  test(`compose/${profile}.env names what every one of the five is given, and the compose file says how it is used`, () => {
    for (const [name, { environment }] of ours) {
      for (const variable of Object.keys(variablesOf(profile)))
        assert.equal(environment?.[variable], `\${${variable}:-}`, `${name} is not given ${variable}`);
    }
    const command = `docker compose --env-file compose/${profile}.env --profile ${profile} up --build`;
    assert.ok(text('docker-compose.yml').includes(command), `docker-compose.yml does not say: ${command}`);
  });
}

for (const [name, part] of Object.entries(compose.services)) {
  test(`${name} may do no more than it needs: no root, no capabilities, a file system to read, a share of the machine`, () => {
    const { user = '', read_only, cap_drop, cap_add, security_opt, privileged, volumes = [], deploy, image } = part;
    assert.match(user, /^(?!root\b|0\b)\w+(:\d+)?$/);
    assert.deepEqual(
      { read_only, cap_drop, cap_add, privileged },
      { read_only: true, cap_drop: ['ALL'], cap_add: undefined, privileged: undefined },
    );
    assert.deepEqual(security_opt, ['no-new-privileges:true']);
    const { cpus, memory, pids } = deploy?.resources.limits ?? {};
    assert.ok(Number(cpus) > 0 && Number(cpus) <= 1, `cpus: ${cpus}`);
    assert.match(String(memory), /^\d+m$/);
    assert.ok(Number(pids) > 0, `pids: ${pids}`);
    for (const volume of volumes) if (volume.startsWith('.')) assert.match(volume, /:ro$/);
    if (image !== undefined) assert.match(image, /:v?\d/, `${image} has no version`);
  });
}

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

/** What an env file under compose/ sets. */
function variablesOf(profile: string): Record<string, string> {
  const lines = text(`compose/${profile}.env`).matchAll(/^(\w+)=(.*)$/gm);
  return Object.fromEntries(Array.from(lines, ([, name, value]) => [name, value]));
}

/** What compose makes of `${NAME:-default}` when the variable is not set. */
function withDefaults(value: unknown): string {
  return String(value).replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}
