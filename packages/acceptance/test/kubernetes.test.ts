import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { repositoryRoot, throwAwayFolder } from '@payments/local-stack';
import { Ajv } from 'ajv';
import formats from 'ajv-formats';
import { parse, stringify } from 'yaml';
import { startProgram } from './support/program.ts';
import { prometheusApi, startPrometheusServer } from './support/prometheus-server.ts';
import { until } from './support/until.ts';

// biome-ignore lint/suspicious/noExplicitAny: what is in a manifest is what is tested
type Manifest = any;

interface Variable {
  readonly name: string;
  readonly value: string;
}

const manifest = (name: string): Manifest =>
  parse(readFileSync(join(repositoryRoot, 'otel', 'kubernetes', name), 'utf8'));

const instrumentation = manifest('instrumentation.yaml');
const injected = manifest('injected.yaml').spec.template;
const podMonitor = manifest('pod-monitor.yaml');
const rules = manifest('prometheus-rules.yaml');
const byHand = manifest('without-operator.yaml').spec.template;
const folder = throwAwayFolder();
const image = join(folder.path, 'autoinstrumentation');

before(() => {
  execFileSync(process.execPath, [join(repositoryRoot, 'otel', 'kubernetes', 'image-layout.mjs'), image]);
});

/** The schema of a kind, which lets no field pass that it does not know, as a cluster would without a word. */
function schemaOf(definition: Manifest): object {
  const [{ schema }] = definition.spec.versions;
  const strict = (node: Manifest): Manifest => {
    if (Array.isArray(node)) return node.map(strict);
    if (node === null || typeof node !== 'object') return node;
    const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, strict(value)]));
    return 'properties' in node && !('x-kubernetes-preserve-unknown-fields' in node)
      ? { additionalProperties: false, ...copy }
      : copy;
  };
  const { properties, ...rest } = schema.openAPIV3Schema;
  // Of metadata it says only that it is an object.
  return { ...rest, properties: { ...strict(properties), metadata: { type: 'object' } }, additionalProperties: false };
}

for (const [name, resource, file] of [
  ['instrumentation.yaml', instrumentation, 'opentelemetry-instrumentation.crd.yaml'],
  ['pod-monitor.yaml', podMonitor, 'podmonitors.crd.yaml'],
  ['prometheus-rules.yaml', rules, 'prometheusrules.crd.yaml'],
] as const) {
  test(`otel/kubernetes/${name} is valid by the published schema, and says nothing that it does not know`, (t) => {
    const shared = process.env.SHARED_DATA_DIR;
    if (!shared) return t.skip(`SHARED_DATA_DIR is not set: it holds schemas/${file}`);
    // Go's way of saying that the case does not matter, which JavaScript does not know.
    const definition = parse(readFileSync(join(shared, 'schemas', file), 'utf8').replaceAll('(?i)', ''));
    const { group, names, versions } = definition.spec;
    assert.deepEqual([resource.apiVersion, resource.kind], [`${group}/${versions[0].name}`, names.kind]);
    const ajv = new Ajv({ strict: false, allErrors: true });
    formats.default(ajv);
    const validate = ajv.compile(schemaOf(definition));
    validate(resource);
    assert.deepEqual(validate.errors, null);
    validate({ ...resource, spec: { ...resource.spec, nodeJs: {} } });
    assert.notEqual(validate.errors, null, 'the schema lets anything pass');
  });
}

test('the rules for the operator are those of otel/prometheus but for the payments system (npm run rules writes them)', () => {
  const shipped = ['service.yml', 'alerts.yml'].flatMap((name) => manifest(`../prometheus/rules/${name}`).groups);
  assert.deepEqual(rules.spec.groups, shipped);
});

test('the image has its entry where the operator looks for it and the licences of what it holds, and all is small and readable by everybody', () => {
  const files = readdirSync(image, { recursive: true, encoding: 'utf8' }).map((name) => join(image, name));
  for (const name of ['autoinstrumentation.js', 'LICENSE', 'dist/THIRD-PARTY-LICENSES.txt'])
    assert.ok(files.includes(join(image, name)), `${name} is missing`);
  for (const file of [image, ...files]) {
    const { mode } = statSync(file);
    const needed = statSync(file).isDirectory() ? 0o055 : 0o044;
    assert.equal(mode & needed, needed, `${file} has the mode ${mode.toString(8)}`);
  }
  const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
  // The rest of the 15 MB is busybox, of less than 5.
  assert.ok(bytes < 10e6, `${bytes} bytes`);
});

for (const [how, env, options] of [
  [
    'the operator',
    instrumentation.spec.nodejs.env,
    '--require /otel-auto-instrumentation-nodejs/autoinstrumentation.js',
  ],
  ['an init container', byHand.spec.containers[0].env, undefined],
] as const) {
  test(`a service that ${how} has put the image into is scraped under the name that it has in the cluster`, async (t) => {
    const set = Object.fromEntries(env.map(({ name, value }: Variable) => [name, value]));
    const [, mounted = ''] = /^--require (.*)\/autoinstrumentation\.js$/.exec(set.NODE_OPTIONS ?? options) ?? [];
    const copy = join(folder.path, mounted);
    cpSync(image, copy, { recursive: true });
    const service = await startProgram('hello.mjs', {
      nodeArguments: [],
      env: {
        ...set,
        // In a pod the port is its own.
        OTEL_EXPORTER_PROMETHEUS_PORT: '0',
        NODE_OPTIONS: `--require ${copy}/autoinstrumentation.js`,
        OTEL_SERVICE_NAME: 'payments',
        OTEL_RESOURCE_ATTRIBUTES:
          'k8s.namespace.name=shop,k8s.pod.name=payments-7d4f,service.instance.id=shop.payments-7d4f.payments',
      },
    });
    t.after(() => service.stop());
    assert.equal(await (await fetch(service.url)).text(), 'hello');
    const page = await service.scrape();
    assert.equal(page.value('http_server_requests_total'), 1);
    assert.deepEqual(page.values('target_info', 'service_name', 'k8s_pod_name'), { 'payments payments-7d4f': 1 });
    await service.stop();
    assert.match(service.stderr(), /^otel: metrics of payments on http:\/\/0\.0\.0\.0:\d+\/metrics\n$/);
  });
}

test('the pods have what the operator and the monitor look for, and one port is named everywhere', () => {
  assert.equal(injected.metadata.annotations['instrumentation.opentelemetry.io/inject-nodejs'], 'true');
  const [[label, value]] = Object.entries(podMonitor.spec.selector.matchLabels) as [[string, string]];
  for (const { metadata } of [injected, byHand]) {
    assert.equal(metadata.labels[label], value);
    assert.ok(metadata.labels[podMonitor.spec.jobLabel]);
  }
  const [container] = byHand.spec.containers;
  const portOf = (env: Variable[]) => env.find(({ name }) => name === 'OTEL_EXPORTER_PROMETHEUS_PORT')?.value;
  const port = portOf(instrumentation.spec.nodejs.env);
  assert.deepEqual(
    [
      portOf(container.env),
      byHand.metadata.annotations['prometheus.io/port'],
      String(container.ports.find(({ name }: Variable) => name === 'metrics').containerPort),
    ],
    [port, port, port],
  );
  const addresses = podMonitor.spec.podMetricsEndpoints[0].relabelings.flatMap(
    ({ replacement }: { replacement?: string }) => replacement ?? [],
  );
  assert.deepEqual(addresses, [`$1:${port}`, `[$1]:${port}`]);
  assert.equal(byHand.spec.initContainers[0].image, instrumentation.spec.nodejs.image);
});

/** What Kubernetes tells Prometheus of a container of a pod. */
const discovered = (container: string, ip: string, port: string, annotated = true) => ({
  targets: [ip],
  labels: {
    __meta_kubernetes_namespace: 'shop',
    __meta_kubernetes_pod_name: 'payments-7d4f',
    __meta_kubernetes_pod_ip: ip,
    __meta_kubernetes_pod_phase: 'Running',
    __meta_kubernetes_pod_container_name: container,
    __meta_kubernetes_pod_label_app_kubernetes_io_name: 'payments',
    ...(annotated && {
      __meta_kubernetes_pod_annotation_prometheus_io_scrape: 'true',
      __meta_kubernetes_pod_annotation_prometheus_io_port: port,
    }),
  },
});

/** What the Prometheus operator makes of every monitor, before its own relabelings. */
const OF_THE_OPERATOR = [
  { source_labels: ['__meta_kubernetes_namespace'], target_label: 'namespace' },
  { source_labels: ['__meta_kubernetes_pod_container_name'], target_label: 'container' },
  { source_labels: ['__meta_kubernetes_pod_name'], target_label: 'pod' },
  { source_labels: ['__meta_kubernetes_pod_label_app_kubernetes_io_name'], target_label: 'job' },
];

test('a Prometheus scrapes a pod once, whatever containers it has, with and without its operator', async (t) => {
  const service = await startProgram('hello.mjs');
  t.after(() => service.stop());
  const { port } = new URL(await service.metricsUrl());
  const pods = ['127.0.0.1', '::1'].flatMap((ip) => ['payments', 'sidecar'].map((name) => discovered(name, ip, port)));
  const shipped = parse(readFileSync(join(repositoryRoot, 'otel', 'prometheus', 'kubernetes.yml'), 'utf8'));
  const [{ kubernetes_sd_configs, ...byAnnotation }] = shipped.scrape_configs;
  assert.deepEqual(kubernetes_sd_configs, [{ role: 'pod' }]);
  const monitored = podMonitor.spec.podMetricsEndpoints[0].relabelings.map((rule: Manifest) => {
    const { sourceLabels, targetLabel, replacement, ...rest } = rule;
    return {
      ...rest,
      ...(sourceLabels && { source_labels: sourceLabels, target_label: targetLabel }),
      ...(replacement && { replacement: replacement.replace('9464', port) }),
    };
  });
  const config = {
    global: { scrape_interval: '1s' },
    scrape_configs: [
      { ...byAnnotation, static_configs: [...pods, discovered('other', '127.0.0.9', port, false)] },
      { job_name: 'monitor', static_configs: pods, relabel_configs: [...OF_THE_OPERATOR, ...monitored] },
    ],
  };
  const prometheus = await startPrometheusServer(stringify(config), join(folder.path, 'prometheus'));
  t.after(prometheus.stop);
  let found: Manifest[] = [];
  await until('the service is scraped twice', async () => {
    found = (await prometheusApi(prometheus.url, 'targets?state=active')).activeTargets;
    return found.filter(({ health }) => health === 'up').length === 2;
  });
  const labels = { job: 'payments', namespace: 'shop', pod: 'payments-7d4f' };
  assert.deepEqual(
    found
      .map(({ scrapePool, labels }) => [scrapePool, labels])
      .sort(([a, { instance: first }], [b, { instance: second }]) => (a + first < b + second ? -1 : 1)),
    ['monitor', 'pods'].flatMap((pool) =>
      [`127.0.0.1:${port}`, `[::1]:${port}`].map((instance) => [pool, { ...labels, instance }]),
    ),
  );
});
