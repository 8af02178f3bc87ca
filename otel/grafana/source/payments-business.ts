import { dashboard } from './dashboard.ts';
import { stat, timeSeries } from './panels.ts';

/** How often something happened in the time that is shown, of a recorded rate. */
const times = (recorded: string) => `sum(sum_over_time(${recorded}[$__range:30s])) * 30`;

const figures = {
  Created: 'job:payments_created:rate5m',
  Captured: 'job:payments_captured:rate5m',
  Canceled: 'job:payments_canceled:rate5m',
  Refunded: 'job:payments_refunded:rate5m',
  Failed: 'job_route_status:payments_failed:rate5m',
};
const outcomes = (recorded: string) => ({ '{{outcome}}': `sum by (outcome) (${recorded})` });

export const paymentsBusiness = dashboard({
  uid: 'otel-payments-business',
  title: 'Payments: business figures',
  description:
    'The reference payments system, from routes and status codes alone: otel/prometheus/rules/payments-system.yml has the rules.',
  ofAnyService: false,
  rows: [
    {
      title: 'In the time that is shown',
      columns: 6,
      panels: [
        ...Object.entries(figures).map(([title, recorded]) => stat(title, 'short', times(recorded))),
        stat('Logins', 'short', times('job_outcome:auth_logins:rate5m{outcome="succeeded"}')),
      ],
    },
    {
      title: 'Payments',
      panels: [
        timeSeries(
          'Payments',
          'ops',
          Object.fromEntries(Object.entries(figures).map(([legend, recorded]) => [legend, `sum(${recorded})`])),
          { description: 'Captured are those that were not created so.' },
        ),
        timeSeries(
          'What failed',
          'ops',
          {
            '{{http_route}} {{http_response_status_code}}':
              'sum by (http_route, http_response_status_code) (job_route_status:payments_failed:rate5m)',
          },
          { description: '409: its state forbids it. 422: it does not fit, or is more than is left.' },
        ),
      ],
    },
    {
      title: 'Accounts',
      panels: [
        timeSeries('Logins', 'ops', outcomes('job_outcome:auth_logins:rate5m'), {
          description: 'Refused is a wrong address or password, failed is a failure of ours.',
        }),
        timeSeries('Registrations', 'ops', outcomes('job_outcome:auth_registrations:rate5m'), {
          description: 'Refused is an address that is taken, failed is a failure of ours.',
        }),
      ],
    },
  ],
});
