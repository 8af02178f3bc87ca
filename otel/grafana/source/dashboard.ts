import * as dashboards from '@grafana/grafana-foundation-sdk/dashboard';
import { DATASOURCE, type Panel } from './panels.ts';

/** A row of the grid is so wide. */
const WIDTH = 24;
const TAG = 'otel-register';

export interface Row {
  readonly title: string;
  /** Beside each other, as many as `columns` says, all of the same width. */
  readonly panels: readonly Panel[];
  /** A divisor of 24. Default: 2. */
  readonly columns?: number;
}

interface Layout {
  /** Part of the dashboard's address: it stays. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** Whether one chooses services and instances. Default: yes. */
  readonly ofAnyService?: boolean;
  readonly rows: readonly Row[];
}

/** A dashboard whose panels follow each other, with numbers of their own, and with the variables that their queries use. */
export function dashboard({ uid, title, description, ofAnyService = true, rows }: Layout): dashboards.Dashboard {
  const builder = new dashboards.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags([TAG])
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(dashboards.DashboardCursorSync.Crosshair)
    .editable()
    .link(
      new dashboards.DashboardLinkBuilder('Dashboards')
        .type(dashboards.DashboardLinkType.Dashboards)
        .tags([TAG])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
    .withVariable(new dashboards.DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'));
  if (ofAnyService) {
    builder
      .withVariable(chosenFrom('service', 'Service', 'label_values(target_info, job)'))
      .withVariable(chosenFrom('instance', 'Instance', 'label_values(target_info{job=~"$service"}, instance)'));
  }
  let id = 0;
  for (const { title, panels, columns = 2 } of rows) {
    builder.withRow(new dashboards.RowBuilder(title).id(++id));
    for (const panel of panels) builder.withPanel(panel.id(++id).span(WIDTH / columns));
  }
  return builder.build();
}

/** A variable that stands for all values unless some are chosen. */
function chosenFrom(name: string, label: string, query: string): dashboards.QueryVariableBuilder {
  return new dashboards.QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .refresh(dashboards.VariableRefresh.OnTimeRangeChanged)
    .sort(dashboards.VariableSort.AlphabeticalAsc);
}
