import type * as units from '@grafana/grafana-foundation-sdk/units';

/** The units that the dashboards need, as Grafana calls them. */
export type Unit =
  | typeof units.Short
  | typeof units.Seconds
  | typeof units.DurationSeconds
  | typeof units.BytesIEC
  | typeof units.BytesPerSecondIEC
  | typeof units.PercentUnit
  | typeof units.RequestsPerSecond
  | typeof units.OpsPerSecond
  | typeof units.MessagesPerSecond
  | typeof units.EventsPerSecond
  | typeof units.CountsPerSecond;
