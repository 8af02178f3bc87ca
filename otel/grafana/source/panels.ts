import * as common from '@grafana/grafana-foundation-sdk/common';
import * as heatmaps from '@grafana/grafana-foundation-sdk/heatmap';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stats from '@grafana/grafana-foundation-sdk/stat';
import * as timelines from '@grafana/grafana-foundation-sdk/timeseries';
import type { Unit } from './units.ts';

export type Panel = timelines.PanelBuilder | stats.PanelBuilder | heatmaps.PanelBuilder;

/** The Prometheus that is chosen above the dashboard. */
export const DATASOURCE: common.DataSourceRef = { type: 'prometheus', uid: '$datasource' };

interface Options {
  /** What is not plain from the title. */
  readonly description?: string;
  /** The highest value that there can be, such as 1 of a share. */
  readonly max?: number;
}

interface TimeSeriesOptions extends Options {
  /** The lines are parts of a whole. */
  readonly stacked?: boolean;
  /** The dots that lead to traces; of histograms alone. */
  readonly exemplars?: boolean;
}

/** Lines over time: each legend with its query. */
export function timeSeries(
  title: string,
  unit: Unit,
  queries: Readonly<Record<string, string>>,
  { description, max, stacked = false, exemplars = false }: TimeSeriesOptions = {},
): Panel {
  const panel = new timelines.PanelBuilder()
    .title(title)
    .datasource(DATASOURCE)
    .unit(unit)
    .min(0)
    .height(8)
    .lineWidth(1)
    .fillOpacity(stacked ? 30 : 5)
    .stacking(new common.StackingConfigBuilder().mode(stacked ? common.StackingMode.Normal : common.StackingMode.None))
    .legend(
      new common.VizLegendOptionsBuilder()
        .displayMode(common.LegendDisplayMode.Table)
        .placement(common.LegendPlacement.Bottom)
        .showLegend(true)
        .calcs(['mean', 'max', 'lastNotNull']),
    )
    .tooltip(
      new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi).sort(common.SortOrder.Descending),
    );
  if (description) panel.description(description);
  if (max !== undefined) panel.max(max);
  for (const [index, [legend, expr]] of Object.entries(queries).entries()) {
    panel.withTarget(
      new prometheus.DataqueryBuilder()
        .datasource(DATASOURCE)
        .refId(refId(index))
        .expr(expr)
        .legendFormat(legend)
        .range()
        .exemplar(exemplars),
    );
  }
  return panel;
}

/** One number: what it is now, or over the time that is shown. */
export function stat(title: string, unit: Unit, expr: string, { description, max }: Options = {}): Panel {
  const panel = new stats.PanelBuilder()
    .title(title)
    .datasource(DATASOURCE)
    .unit(unit)
    .height(4)
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.None)
    .reduceOptions(new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']))
    .withTarget(
      new prometheus.DataqueryBuilder().datasource(DATASOURCE).refId(refId(0)).expr(expr).legendFormat(title).instant(),
    );
  if (description) panel.description(description);
  if (max !== undefined) panel.max(max);
  return panel;
}

/** How many observations fell into which bucket of a histogram of seconds, over time. */
export function heatmap(title: string, expr: string, { description }: Options = {}): Panel {
  const panel = new heatmaps.PanelBuilder()
    .title(title)
    .datasource(DATASOURCE)
    .unit('short')
    .height(8)
    .calculate(false)
    .yAxis(new heatmaps.YAxisConfigBuilder().unit('s'))
    .withTarget(
      new prometheus.DataqueryBuilder()
        .datasource(DATASOURCE)
        .refId(refId(0))
        .expr(expr)
        .format(prometheus.PromQueryFormat.Heatmap)
        .legendFormat('{{le}}')
        .range()
        .exemplar(true),
    );
  if (description) panel.description(description);
  return panel;
}

function refId(index: number): string {
  return String.fromCharCode('A'.charCodeAt(0) + index);
}
