import { spanDestinations } from '../span-destinations.ts';
import { type Finding, good, note, type Section, wrong } from './findings.ts';
import { installedPackages } from './installed-packages.ts';
import { libraryFindings } from './library-findings.ts';
import { neighbourFindings } from './neighbour-findings.ts';
import { pageFindings } from './page-findings.ts';
import { type ToldConfig, toldConfig, withoutSecrets } from './printed-config.ts';
import type { Surroundings } from './run.ts';
import { findService, nameOf } from './service-files.ts';
import { startFindings } from './start-findings.ts';

declare const AGENT_VERSION: string;

/** Looks at the service of the working directory as the agent would, and at what could be in the way. */
export async function examine(surroundings: Surroundings): Promise<Section[]> {
  const { env, main } = surroundings;
  const service = findService(process.cwd(), main);
  const told = toldConfig(env);
  const { config } = told;
  const installed = installedPackages(service);
  const sections: Section[] = [
    {
      title: `otel-register ${AGENT_VERSION} for ${nameOf(service, config)}`,
      findings: startFindings(service, surroundings),
    },
    { title: 'Settings', findings: settingsFindings(told) },
    { title: 'Libraries', findings: libraryFindings(config, service, installed) },
    { title: 'Beside the agent', findings: neighbourFindings(config, installed.packages) },
    { title: 'Page', findings: await pageFindings(config, service.folder, env) },
  ];
  return sections
    .filter(({ findings }) => findings.length > 0)
    .map(({ title, findings }) => ({ title, findings: findings.map((finding) => withoutSecretsIn(finding, env)) }));
}

function settingsFindings({ config, settings, warnings }: ToldConfig): Finding[] {
  const given = settings.filter((setting) => setting.given !== undefined);
  const rest = settings.length - given.length;
  return [
    ...(config.OTEL_SDK_DISABLED ? [note('the agent is switched off (OTEL_SDK_DISABLED)')] : []),
    good(`metrics go to ${config.OTEL_METRICS_EXPORTER.join(' and ')} (OTEL_METRICS_EXPORTER)`),
    good(`spans go to ${spanDestinations(config).join(' and ') || 'none'} (OTEL_TRACES_EXPORTER, or an endpoint)`),
    ...given.map(({ name, given }) => good(`${name}=${given}`)),
    ...warnings.map((warning) => wrong(warning, 'correct the value')),
    good(`${rest} variables have their defaults, which --print-config tells`),
  ];
}

/** What is not shown may stand in paths and in messages of errors. */
function withoutSecretsIn({ text, mend, ...rest }: Finding, env: NodeJS.ProcessEnv): Finding {
  return { ...rest, text: withoutSecrets(text, env), ...(mend !== undefined && { mend: withoutSecrets(mend, env) }) };
}
