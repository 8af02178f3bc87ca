import '../support/under-the-agent.ts';
import '../api-admin-upstreams.test.ts';
