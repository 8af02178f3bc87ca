import '../support/under-the-agent.ts';
import '../api-gateway.test.ts';
