import { isProcess } from '../../left-over.ts';
import { mainOf, repositoryRoot } from '../../service.ts';
import { whileStopped } from '../../stopped-process.ts';
import type { Scenario } from './scenario.ts';

export const failingDependency: Scenario = {
  name: 'failing-dependency',
  summary: 'the process of profile stands still: it takes connections and gives no answer',
  story: {
    before: ['The usual traffic', 'api-gateway: http_server_errors_total does not grow'],
    during: [
      'Profile stands still: it takes connections and gives no answer',
      'api-gateway: http_server_errors_total{error_type="504"} grows on the routes of /profile, and on no others',
      'api-gateway: http_server_request_duration_seconds is 5 s there, http_server_active_requests rises',
      'Prometheus: up{job="profile"} is 0',
    ],
    after: ['Profile goes on', 'api-gateway: http_server_errors_total does not grow any more'],
  },

  async make({ services: { profile } }, signal, seconds) {
    if (!isProcess(profile.pid, repositoryRoot, mainOf('profile'))) {
      throw new Error(`profile, process ${profile.pid}, does not run: stop the system with Ctrl-C and start it again`);
    }
    await whileStopped(profile.pid, signal, seconds);
  },
};
