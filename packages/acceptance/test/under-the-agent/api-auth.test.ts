import '../support/under-the-agent.ts';
import '../api-auth.test.ts';
