// Writes prometheus-rules.yaml, for the Prometheus operator, from the rules of otel/prometheus: npm run rules. Comments are kept.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const HEAD = `# Made of otel/prometheus/rules by npm run rules: tells the Prometheus operator of the recording rules and alerts.
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: otel-register
spec:
  groups:
`;

const groups = ['service.yml', 'alerts.yml'].map((name) => {
  const text = readFileSync(join(import.meta.dirname, '..', 'prometheus', 'rules', name), 'utf8');
  return text.slice(text.indexOf('groups:\n') + 'groups:\n'.length).replace(/^(?=.)/gm, '  ');
});
writeFileSync(join(import.meta.dirname, 'prometheus-rules.yaml'), HEAD + groups.join('\n'));
