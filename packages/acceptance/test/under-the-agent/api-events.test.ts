import '../support/under-the-agent.ts';
import '../api-events.test.ts';
