import '../support/under-the-agent.ts';
import '../api-admin.test.ts';
